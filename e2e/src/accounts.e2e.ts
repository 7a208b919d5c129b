import {
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  ListAccessKeysCommand,
  ListUserPoliciesCommand,
  ListUsersCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
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
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Account } from './harness/accounts.ts';
import { accountId, newAccount, newUser } from './harness/accounts.ts';
import { blockPublicAccess, newBucket } from './harness/buckets.ts';
import { aws, awsJson } from './harness/cli.ts';
import { anonymousS3, iam, s3, sts } from './harness/clients.ts';
import { expectRefused } from './harness/failures.ts';
import { call } from './harness/sign.ts';
import { present } from './harness/stack.ts';
import { send } from './harness/wire.ts';

const client = present ? s3() : (undefined as never);

describe.runIf(present)('who may do what', () => {
  let bucket: string;
  let first: string;
  const policy = (...Statement: object[]) =>
    client.send(
      new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) }),
    );
  const objects = () => `arn:aws:s3:::${bucket}/*`;
  const itself = () => `arn:aws:s3:::${bucket}`;
  const get = (who: S3Client, Key = 'k') => who.send(new GetObjectCommand({ Bucket: bucket, Key }));
  const put = (who: S3Client, Key = 'by-other') => who.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }));
  const list = (who: S3Client) => who.send(new ListObjectsV2Command({ Bucket: bucket }));

  beforeAll(async () => {
    bucket = await newBucket({ purpose: 'acct' });
    await put(client, 'k');
    first = await accountId();
  });

  describe('a second account', () => {
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
          () =>
            other.send(new CopyObjectCommand({ ...target, CopySource: `${bucket}/k`, MetadataDirective: 'REPLACE' })),
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
        expect(await other.send(command as HeadBucketCommand).catch((error) => error.$metadata.httpStatusCode)).toBe(
          403,
        );
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
      const mine = (owner: string) =>
        client.send(new HeadBucketCommand({ Bucket: bucket, ExpectedBucketOwner: owner }));
      await mine(first);
      const refused = (owner: string) =>
        client.send(new ListObjectsV2Command({ Bucket: bucket, ExpectedBucketOwner: owner }));
      await expectRefused(refused(second.accountId), 403, 'AccessDenied');
      await expectRefused(refused('12'), 400, 'InvalidBucketOwnerAWSAccountID');
    });
  });

  describe('anonymous requests', () => {
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

  describe('IAM users', () => {
    it('may do nothing without a policy, and are told which one is missing', async () => {
      const user = await newUser();
      await expectRefused(
        get(s3({ keys: user })),
        403,
        'AccessDenied',
        `User: ${user.arn} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::${bucket}/k" because no identity-based policy allows the s3:GetObject action`,
      );
      expect((await sts(user).send(new GetCallerIdentityCommand({}))).Arn).toBe(user.arn);
      const refused = await iam(user)
        .send(new ListUsersCommand({}))
        .catch((error) => error);
      expect([refused.name, refused.$metadata.httpStatusCode]).toEqual(['AccessDenied', 403]);
    });

    it('may do what their inline policy says, at once and no longer than it says', async () => {
      const user = await newUser();
      const theirs = s3({ keys: user });
      for (let round = 0; round < 3; round += 1) {
        await user.allow({ Effect: 'Allow', Action: 's3:GetObject', Resource: objects() });
        await get(theirs);
        await user.allow({ Effect: 'Allow', Action: 's3:PutObject', Resource: objects() });
        await expectRefused(get(theirs), 403, 'AccessDenied');
        await put(theirs, 'by-user');
        await user.forbid();
        await expectRefused(put(theirs, 'by-user'), 403, 'AccessDenied');
      }
    });

    it('policy variables name them', async () => {
      const user = await newUser();
      await user.allow({ Effect: 'Allow', Action: 's3:*', Resource: `${itself()}/home/\${aws:username}/*` });
      await put(s3({ keys: user }), `home/${user.name}/x`);
      await expectRefused(put(s3({ keys: user }), 'home/somebody/x'), 403, 'AccessDenied');
    });

    it('a bucket policy may name them', async () => {
      const user = await newUser();
      await policy({ Effect: 'Allow', Principal: { AWS: user.arn }, Action: 's3:GetObject', Resource: objects() });
      await get(s3({ keys: user }));
      await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
      await expectRefused(get(s3({ keys: user })), 403, 'AccessDenied');
    });

    it('a deactivated key stops, and works again when it is activated', async () => {
      const user = await newUser([{ Effect: 'Allow', Action: 's3:*', Resource: '*' }]);
      const theirs = s3({ keys: user });
      const set = (Status: 'Active' | 'Inactive') =>
        iam().send(new UpdateAccessKeyCommand({ UserName: user.name, AccessKeyId: user.accessKeyId, Status }));
      await get(theirs);
      await set('Inactive');
      const refused = await expectRefused(
        get(theirs),
        403,
        'InvalidAccessKeyId',
        'The AWS Access Key Id you provided does not exist in our records.',
      );
      expect(refused.error['AWSAccessKeyId']).toBe(user.accessKeyId);
      await set('Active');
      await get(theirs);
    });

    it('are deleted in the order that IAM demands', async () => {
      const user = await newUser([{ Effect: 'Allow', Action: 's3:*', Resource: '*' }]);
      const remove = () => iam().send(new DeleteUserCommand({ UserName: user.name }));
      expect(await remove().catch((error) => [error.name, error.$metadata.httpStatusCode])).toEqual([
        'DeleteConflictException',
        409,
      ]);
      await user.forbid();
      await iam().send(new DeleteAccessKeyCommand({ UserName: user.name, AccessKeyId: user.accessKeyId }));
      await expectRefused(get(s3({ keys: user })), 403, 'InvalidAccessKeyId');
      await remove();
      expect(
        await iam()
          .send(new GetUserCommand({ UserName: user.name }))
          .catch((error) => error.name),
      ).toBe('NoSuchEntityException');
    });

    it('are managed by "aws iam"', async () => {
      const name = `cli-${Date.now()}`;
      const document = JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' }],
      });
      const { User } = await awsJson(['iam', 'create-user', '--user-name', name, '--path', '/team/']);
      expect(User).toMatchObject({
        UserName: name,
        Path: '/team/',
        Arn: `arn:aws:iam::${first}:user/team/${name}`,
        UserId: expect.stringMatching(/^AIDA[A-Z0-9]{17}$/),
      });
      await expect(aws(['iam', 'create-user', '--user-name', name])).rejects.toThrow('EntityAlreadyExists');
      const { AccessKey } = await awsJson(['iam', 'create-access-key', '--user-name', name]);
      expect(AccessKey).toMatchObject({
        AccessKeyId: expect.stringMatching(/^AKIA[A-Z0-9]{16}$/),
        Status: 'Active',
        SecretAccessKey: expect.stringMatching(/^.{40}$/),
      });
      await aws(['iam', 'put-user-policy', '--user-name', name, '--policy-name', 'p', '--policy-document', document]);
      expect(
        (await awsJson(['iam', 'get-user-policy', '--user-name', name, '--policy-name', 'p'])).PolicyDocument,
      ).toEqual(JSON.parse(document));
      expect((await awsJson(['iam', 'list-user-policies', '--user-name', name])).PolicyNames).toEqual(['p']);
      expect(
        (await awsJson(['iam', 'list-users', '--path-prefix', '/team/'])).Users.map(
          (user: { UserName: string }) => user.UserName,
        ),
      ).toContain(name);
      const keys = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
      expect(await aws(['s3', 'ls'], { keys })).toContain(bucket);
      expect((await awsJson(['sts', 'get-caller-identity'], { keys })).Arn).toBe(User.Arn);
      expect((await awsJson(['iam', 'list-access-keys', '--user-name', name])).AccessKeyMetadata).toHaveLength(1);
      await expect(
        aws([
          'iam',
          'put-user-policy',
          '--user-name',
          name,
          '--policy-name',
          'bad',
          '--policy-document',
          '{"Statement":',
        ]),
      ).rejects.toThrow('MalformedPolicyDocument');
      await aws([
        'iam',
        'update-access-key',
        '--user-name',
        name,
        '--access-key-id',
        keys.accessKeyId,
        '--status',
        'Inactive',
      ]);
      await expect(aws(['s3', 'ls'], { keys })).rejects.toThrow('InvalidAccessKeyId');
      await expect(aws(['sts', 'get-caller-identity'], { keys })).rejects.toThrow('InvalidClientTokenId');
      await aws(['iam', 'delete-access-key', '--user-name', name, '--access-key-id', keys.accessKeyId]);
      await aws(['iam', 'delete-user-policy', '--user-name', name, '--policy-name', 'p']);
      await aws(['iam', 'delete-user', '--user-name', name]);
      await expect(aws(['iam', 'get-user', '--user-name', name])).rejects.toThrow('NoSuchEntity');
    });

    it('of one account are not seen by another', async () => {
      const second = await newAccount();
      const user = await newUser();
      const { Users } = await iam(second).send(new ListUsersCommand({}));
      expect(Users).toEqual([]);
      for (const run of [
        () => iam(second).send(new GetUserCommand({ UserName: user.name })),
        () => iam(second).send(new ListAccessKeysCommand({ UserName: user.name })),
        () => iam(second).send(new ListUserPoliciesCommand({ UserName: user.name })),
        () => iam(second).send(new GetUserPolicyCommand({ UserName: user.name, PolicyName: 'inline' })),
        () => iam(second).send(new DeleteAccessKeyCommand({ UserName: user.name, AccessKeyId: user.accessKeyId })),
      ]) {
        expect(await run().catch((error: Error) => error.name)).toBe('NoSuchEntityException');
      }
    });
  });

  it('the root of the owner can always take back a policy that locks everybody out', async () => {
    await policy({ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: [itself(), objects()] });
    await expectRefused(get(client), 403, 'AccessDenied');
    await expectRefused(list(client), 403, 'AccessDenied');
    await client.send(new GetBucketPolicyCommand({ Bucket: bucket }));
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
