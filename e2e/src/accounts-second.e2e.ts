import type { S3Client } from '@aws-sdk/client-s3';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketPolicyCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
} from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Account } from './harness/accounts.ts';
import { accountId, newAccount, newUser } from './harness/accounts.ts';
import { bucketToAskFor } from './harness/asking.ts';
import { blockPublicAccess, newBucket } from './harness/buckets.ts';
import { s3, sts } from './harness/clients.ts';
import { expectRefused } from './harness/failures.ts';
import { present } from './harness/stack.ts';

const client = present ? s3() : (undefined as never);

describe.runIf(present)('a second account', () => {
  const { get, put, list, policy, itself, objects, bucketName } = bucketToAskFor();
  let bucket: string;
  let first: string;
  beforeAll(async () => {
    bucket = bucketName();
    first = await accountId();
  });

  let second: Account;
  let other: S3Client;
  beforeAll(async () => {
    second = await newAccount();
    other = s3({ keys: second });
    await blockPublicAccess(bucket, true);
  });

  it('is another one', async () => {
    expect(second.accountId).toMatch(/^\d{12}$/);
    expect(second.canonicalId).toMatch(/^[0-9a-f]{64}$/);
    expect(second.accountId).not.toBe(first);
    const identity = await sts(second).send(new GetCallerIdentityCommand({}));
    expect(identity).toMatchObject({
      Account: second.accountId,
      Arn: `arn:aws:iam::${second.accountId}:root`,
      UserId: second.accountId,
    });
  });

  it('reaches nothing of the first', async () => {
    const target = { Bucket: bucket, Key: 'k' };
    const calls: [string, () => Promise<unknown>][] = [
      ['GetObject', () => get(other)],
      ['GetObject of what is not there', () => get(other, 'absent')],
      ['PutObject', () => put(other)],
      ['DeleteObject', () => other.send(new DeleteObjectCommand(target))],
      ['ListObjectsV2', () => list(other)],
      ['CreateMultipartUpload', () => other.send(new CreateMultipartUploadCommand(target))],
      [
        'CopyObject into it',
        () => other.send(new CopyObjectCommand({ ...target, CopySource: `${bucket}/k`, MetadataDirective: 'REPLACE' })),
      ],
      ['GetBucketPolicy', () => other.send(new GetBucketPolicyCommand({ Bucket: bucket }))],
      ['PutBucketPolicy', () => other.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: '{}' }))],
      ['DeleteBucketPolicy', () => other.send(new DeleteBucketPolicyCommand({ Bucket: bucket }))],
      ['DeleteBucket', () => other.send(new DeleteBucketCommand({ Bucket: bucket }))],
    ];
    for (const [name, run] of calls) {
      await expectRefused(run(), 403, 'AccessDenied', 'Access Denied').catch((error: Error) => {
        throw new Error(`${name}: ${error.message}`);
      });
    }
    for (const command of [new HeadBucketCommand({ Bucket: bucket }), new HeadObjectCommand(target)]) {
      expect(await other.send(command as HeadBucketCommand).catch((error) => error.$metadata.httpStatusCode)).toBe(403);
    }
    const many = await other.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: [{ Key: 'k' }] } }));
    expect(many.Errors).toMatchObject([{ Key: 'k', Code: 'AccessDenied' }]);
    const { Buckets } = await other.send(new ListBucketsCommand({}));
    expect(Buckets ?? []).toEqual([]);
    expect(await (await get(client)).Body!.transformToString()).toBe('x');
  });

  it('cannot take its bucket names', async () => {
    await expectRefused(other.send(new CreateBucketCommand({ Bucket: bucket })), 409, 'BucketAlreadyExists');
  });

  it('cannot copy out of it into its own', async () => {
    const own = await newBucket({ client: other });
    await expectRefused(
      other.send(new CopyObjectCommand({ Bucket: own, Key: 'stolen', CopySource: `${bucket}/k` })),
      403,
      'AccessDenied',
    );
  });

  it('reaches what a bucket policy gives, and no more, and at once no longer', async () => {
    await policy({
      Effect: 'Allow',
      Principal: { AWS: second.accountId },
      Action: 's3:GetObject',
      Resource: objects(),
    });
    expect(await (await get(other)).Body!.transformToString()).toBe('x');
    await expectRefused(put(other), 403, 'AccessDenied');
    await expectRefused(list(other), 403, 'AccessDenied');
    // Who may not list does not learn what exists.
    await expectRefused(get(other, 'absent'), 403, 'AccessDenied');
    await policy(
      {
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${second.accountId}:root` },
        Action: ['s3:*Object', 's3:ListBucket'],
        Resource: [objects(), itself()],
      },
      { Effect: 'Deny', Principal: '*', Action: 's3:PutObject', Resource: `${itself()}/locked/*` },
    );
    await put(other);
    expect((await list(other)).KeyCount).toBe(2);
    await expectRefused(get(other, 'absent'), 404, 'NoSuchKey');
    await expectRefused(put(other, 'locked/x'), 403, 'AccessDenied');
    await expectRefused(
      put(client, 'locked/x'),
      403,
      'AccessDenied',
      /with an explicit deny in a resource-based policy$/,
    );
    await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
    await expectRefused(get(other), 403, 'AccessDenied');
  });

  it('’s own users need its permission besides the bucket’s', async () => {
    await policy({
      Effect: 'Allow',
      Principal: { AWS: second.accountId },
      Action: 's3:GetObject',
      Resource: objects(),
    });
    const user = await newUser([], second);
    const theirs = s3({ keys: user });
    await expectRefused(get(theirs), 403, 'AccessDenied');
    await user.allow({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' });
    await get(theirs);
    await user.forbid();
    await expectRefused(get(theirs), 403, 'AccessDenied');
    await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
  });

  it('whom x-amz-expected-bucket-owner excludes', async () => {
    const mine = (owner: string) => client.send(new HeadBucketCommand({ Bucket: bucket, ExpectedBucketOwner: owner }));
    await mine(first);
    const refused = (owner: string) =>
      client.send(new ListObjectsV2Command({ Bucket: bucket, ExpectedBucketOwner: owner }));
    await expectRefused(refused(second.accountId), 403, 'AccessDenied');
    await expectRefused(refused('12'), 400, 'InvalidBucketOwnerAWSAccountID');
  });
});
