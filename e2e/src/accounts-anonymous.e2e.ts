import {
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  GetObjectCommand,
  ListBucketsCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { bucketToAskFor } from './harness/asking.ts';
import { blockPublicAccess } from './harness/buckets.ts';
import { anonymousS3, s3 } from './harness/clients.ts';
import { expectRefused } from './harness/failures.ts';
import { present } from './harness/stack.ts';
import { send } from './harness/wire.ts';

const client = present ? s3() : (undefined as never);

describe.runIf(present)('anonymous requests', () => {
  const { get, put, list, policy, itself, objects, bucketName } = bucketToAskFor();
  let bucket: string;
  beforeAll(async () => {
    bucket = bucketName();
  });

  const nobody = present ? anonymousS3() : (undefined as never);
  const everybody = () => ({ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: objects() });

  it('reach nothing by themselves', async () => {
    await expectRefused(get(nobody), 403, 'AccessDenied', 'Access Denied');
    await expectRefused(list(nobody), 403, 'AccessDenied');
    await expectRefused(put(nobody), 403, 'AccessDenied');
    await expectRefused(nobody.send(new ListBucketsCommand({})), 403, 'AccessDenied');
    await expectRefused(
      nobody.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'x' })),
      403,
      'AccessDenied',
    );
  });

  it('reach what a policy gives where the public access block lets it', async () => {
    await blockPublicAccess(bucket, true);
    await expectRefused(
      policy(everybody()),
      403,
      'AccessDenied',
      /because public policies are blocked by the BlockPublicPolicy block public access setting\.$/,
    );
    await blockPublicAccess(bucket, false);
    await policy(everybody());
    expect(await (await get(nobody)).Body!.transformToString()).toBe('x');
    await expectRefused(put(nobody), 403, 'AccessDenied');
    await expectRefused(list(nobody), 403, 'AccessDenied');
    // RestrictPublicBuckets cuts what a public policy gives, at once.
    await blockPublicAccess(bucket, true);
    await expectRefused(get(nobody), 403, 'AccessDenied');
    await get(client);
    await blockPublicAccess(bucket, false);
    await get(nobody);
    await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
    await expectRefused(get(nobody), 403, 'AccessDenied');
  });

  it('may not override the headers of the answer', async () => {
    await blockPublicAccess(bucket, false);
    await policy(everybody());
    await expectRefused(
      nobody.send(new GetObjectCommand({ Bucket: bucket, Key: 'k', ResponseContentType: 'text/plain' })),
      400,
      'InvalidRequest',
      'Request specific response headers cannot be used for anonymous GET requests.',
    );
    await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
  });

  it('may write only where a policy says so, and never by copy or multipart', async () => {
    await blockPublicAccess(bucket, false);
    await policy({ Effect: 'Allow', Principal: '*', Action: 's3:PutObject', Resource: `${itself()}/drop/*` });
    await put(nobody, 'drop/x');
    await expectRefused(put(nobody, 'elsewhere'), 403, 'AccessDenied');
    await expectRefused(
      nobody.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'drop/mp' })),
      403,
      'AccessDenied',
    );
    await expectRefused(
      nobody.send(new CopyObjectCommand({ Bucket: bucket, Key: 'drop/c', CopySource: `${bucket}/drop/x` })),
      403,
      'AccessDenied',
    );
    await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
  });

  it('policy conditions are looked at', async () => {
    await blockPublicAccess(bucket, false);
    await policy({ ...everybody(), Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } } });
    await expectRefused(get(nobody), 403, 'AccessDenied');
    // A forwarded address does not count: nobody is trusted to name it.
    const forged = await send({
      method: 'GET',
      target: `/${bucket}/k`,
      headers: { host: 'localhost', 'x-forwarded-for': '203.0.113.7', forwarded: 'for=203.0.113.7' },
    });
    expect(forged.status).toBe(403);
    await policy({ ...everybody(), Condition: { IpAddress: { 'aws:SourceIp': ['127.0.0.0/8', '::1/128'] } } });
    await get(nobody);
    await policy(everybody(), {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: objects(),
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
    await expectRefused(get(nobody), 403, 'AccessDenied');
    await get(anonymousS3({ https: true }));
    await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
  });
});
