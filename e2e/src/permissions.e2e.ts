import {
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { beforeAll, describe, expect, it } from 'vitest';
import { accountId, newUser } from './harness/accounts.ts';
import { bucketToAskFor } from './harness/asking.ts';
import { newBucket } from './harness/buckets.ts';
import { awsJson } from './harness/cli.ts';
import { s3, sts } from './harness/clients.ts';
import { expectRefused } from './harness/failures.ts';
import { call } from './harness/sign.ts';
import { present } from './harness/stack.ts';

const client = present ? s3() : (undefined as never);

describe.runIf(present)('permissions', () => {
  const { get, list, policy, itself, objects, bucketName } = bucketToAskFor();
  let bucket: string;
  let first: string;
  beforeAll(async () => {
    bucket = bucketName();
    first = await accountId();
  });

  it('the root of the owner can always take back a policy that locks everybody out', async () => {
    await policy({ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: [itself(), objects()] });
    await expectRefused(get(client), 403, 'AccessDenied');
    await expectRefused(list(client), 403, 'AccessDenied');
    await client.send(new GetBucketPolicyCommand({ Bucket: bucket }));
    await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
    await get(client);
  });

  it('a resource that reaches the bucket by wildcards alone is shown, and decides, as it was put', async () => {
    const statement = { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: `*?*?*?s3:::${bucket}/*` };
    await policy(statement);
    await expectRefused(get(client), 403, 'AccessDenied');
    const { Policy } = await client.send(new GetBucketPolicyCommand({ Bucket: bucket }));
    expect(JSON.parse(Policy!)).toMatchObject({ Statement: [statement] });
    await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
    await get(client);
  });

  it('get-caller-identity works under an explicit deny, and says who asks', async () => {
    const user = await newUser([{ Effect: 'Deny', Action: '*', Resource: '*' }]);
    expect((await sts(user).send(new GetCallerIdentityCommand({}))).Arn).toBe(user.arn);
    expect(await awsJson(['sts', 'get-caller-identity'])).toEqual({
      Account: first,
      UserId: first,
      Arn: `arn:aws:iam::${first}:root`,
    });
  });

  it('a versioned read needs its own permission', async () => {
    const versioned = await newBucket({ versioning: 'Enabled' });
    const { VersionId } = await client.send(new PutObjectCommand({ Bucket: versioned, Key: 'v', Body: 'x' }));
    const user = await newUser([{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }]);
    const theirs = s3({ keys: user });
    await theirs.send(new GetObjectCommand({ Bucket: versioned, Key: 'v' }));
    await expectRefused(
      theirs.send(new GetObjectCommand({ Bucket: versioned, Key: 'v', VersionId })),
      403,
      'AccessDenied',
      /s3:GetObjectVersion/,
    );
    await expectRefused(
      theirs.send(new DeleteObjectCommand({ Bucket: versioned, Key: 'v', VersionId })),
      403,
      'AccessDenied',
      /s3:DeleteObjectVersion/,
    );
  });

  it('tags of the object decide where the policy asks for them', async () => {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'tagged', Body: 'x', Tagging: 'public=yes' }));
    const user = await newUser([
      {
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: objects(),
        Condition: { StringEquals: { 's3:ExistingObjectTag/public': 'yes' } },
      },
    ]);
    await get(s3({ keys: user }), 'tagged');
    await expectRefused(get(s3({ keys: user }), 'k'), 403, 'AccessDenied');
  });

  it('a prefix condition limits what may be listed', async () => {
    const user = await newUser([
      {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: itself(),
        Condition: { StringLike: { 's3:prefix': 'mine/*' } },
      },
    ]);
    const theirs = s3({ keys: user });
    await theirs.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'mine/a' }));
    await expectRefused(list(theirs), 403, 'AccessDenied');
    const forged = await call({
      path: `/${bucket}`,
      query: { prefix: 'mine/a' },
      keys: { ...user, secretAccessKey: 'x'.repeat(40) },
    });
    expect([forged.status, forged.error['Code']]).toEqual([403, 'SignatureDoesNotMatch']);
  });
});
