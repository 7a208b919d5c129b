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
import { DeleteBucketPolicyCommand } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { beforeAll, describe, expect, it } from 'vitest';
import { accountId, newAccount, newUser } from './harness/accounts.ts';
import { bucketToAskFor } from './harness/asking.ts';
import { aws, awsJson } from './harness/cli.ts';
import { iam, s3, sts } from './harness/clients.ts';
import { expectRefused } from './harness/failures.ts';
import { present } from './harness/stack.ts';

const client = present ? s3() : (undefined as never);

describe.runIf(present)('IAM users', () => {
  const { get, put, policy, itself, objects, bucketName } = bucketToAskFor();
  let bucket: string;
  let first: string;
  beforeAll(async () => {
    bucket = bucketName();
    first = await accountId();
  });

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
    await expect(aws(['sts', 'get-caller-identity'], { keys })).rejects.toThrow(
      /\(InvalidClientTokenId\).*: The security token included in the request is invalid\./,
    );
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
