import { describe, expect, test } from 'vitest';
import { faultOf } from '../testkit/identity.ts';
import { identityWorld, POLICY } from '../testkit/world.ts';

const world = identityWorld('identity_access_keys');

describe('access keys', () => {
  test('work until they are switched off or deleted', async () => {
    const root = await world.newRoot();
    const { User } = await root.call('CreateUser', { UserName: 'ann', Path: '/p/', Tags: [{ Key: 'a', Value: 'b' }] });
    const { AccessKey } = await root.call('CreateAccessKey', { UserName: 'ann' });
    const AccessKeyId = AccessKey.AccessKeyId as string;
    expect(AccessKey).toEqual({
      UserName: 'ann',
      AccessKeyId: expect.stringMatching(/^AKIA[A-Z2-7]{16}$/),
      Status: 'Active',
      SecretAccessKey: expect.stringMatching(/^[A-Za-z0-9/+]{40}$/),
      CreateDate: expect.any(Date),
    });
    await root.call('PutUserPolicy', { UserName: 'ann', PolicyName: 'p', PolicyDocument: POLICY });
    const resolved = await world.resolve(AccessKeyId);
    expect(resolved.principal).toEqual({
      kind: 'user',
      accountId: root.principal.accountId,
      canonicalId: root.principal.canonicalId,
      arn: User.Arn,
      userId: User.UserId,
      userName: 'ann',
      tags: { a: 'b' },
    });
    expect(resolved.policies).toEqual([{ id: `${User.UserId}/p`, name: 'p', text: POLICY }]);
    await root.call('UpdateAccessKey', { UserName: 'ann', AccessKeyId, Status: 'Inactive' });
    expect((await faultOf(world.resolve(AccessKeyId))).code).toBe('InvalidAccessKeyId');
    expect(await root.call('ListAccessKeys', { UserName: 'ann' })).toEqual({
      AccessKeyMetadata: [{ UserName: 'ann', AccessKeyId, Status: 'Inactive', CreateDate: AccessKey.CreateDate }],
      IsTruncated: false,
    });
    await root.call('UpdateAccessKey', { UserName: 'ann', AccessKeyId, Status: 'Active' });
    await world.resolve(AccessKeyId);
    await root.call('DeleteAccessKey', { UserName: 'ann', AccessKeyId });
    expect((await faultOf(world.resolve(AccessKeyId))).code).toBe('InvalidAccessKeyId');
    const calls = [
      root.call('DeleteAccessKey', { UserName: 'ann', AccessKeyId }),
      root.call('UpdateAccessKey', { UserName: 'ann', AccessKeyId, Status: 'Active' }),
    ];
    for (const fault of await Promise.all(calls.map(faultOf))) {
      const message = `The Access Key with id ${AccessKeyId} cannot be found.`;
      expect(fault).toMatchObject({ code: 'NoSuchEntity', message });
    }
  });

  test('are two at most, for root too, also when many ask at once', async () => {
    const root = await world.newRoot();
    await root.call('CreateUser', { UserName: 'ann' });
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, () => root.call('CreateAccessKey', { UserName: 'ann' })),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(2);
    const { AccessKey } = await root.call('CreateAccessKey');
    expect(AccessKey).not.toHaveProperty('UserName');
    expect((await world.resolve(AccessKey.AccessKeyId)).principal.kind).toBe('root');
    expect(await faultOf(root.call('CreateAccessKey'))).toMatchObject({
      code: 'LimitExceeded',
      status: 409,
      message: 'Cannot exceed quota for AccessKeysPerUser: 2',
    });
    expect((await root.call('ListAccessKeys')).AccessKeyMetadata).toHaveLength(2);
  });

  test('of root are out of reach for a user', async () => {
    const root = await world.newRoot();
    const { user } = await world.newUser(root, 'ann');
    const [rootKey] = (await root.call('ListAccessKeys')).AccessKeyMetadata;
    for (const input of [{}, { UserName: 'ann' }]) {
      const call = user.call('DeleteAccessKey', { ...input, AccessKeyId: rootKey.AccessKeyId });
      expect((await faultOf(call)).code).toBe('NoSuchEntity');
    }
    await world.resolve(rootKey.AccessKeyId);
  });

  test('take only what IAM takes', async () => {
    const root = await world.newRoot();
    for (const AccessKeyId of ['short', 'x'.repeat(129), 'AKIA/AAAAAAAAAAAAAAA', undefined]) {
      expect((await faultOf(root.call('DeleteAccessKey', { AccessKeyId }))).code).toBe('ValidationError');
    }
    const update = root.call('UpdateAccessKey', { AccessKeyId: 'AKIAAAAAAAAAAAAAAAAA', Status: 'Off' });
    expect((await faultOf(update)).message).toContain('enum value set: [Active, Inactive]');
  });
});
