import { identity as contracts } from '@coffer/contracts';
import { describe, expect, test } from 'vitest';
import { faultOf, newRequestId } from '../testkit/identity.ts';
import { identityWorld, POLICY } from '../testkit/world.ts';

const world = identityWorld('identity_users');

describe('users', () => {
  test('are created, shown, listed, renamed and deleted', async () => {
    const root = await world.newRoot();
    const { accountId } = root.principal;
    const { User } = await root.call('CreateUser', {
      UserName: 'Ann.Lee@x',
      Path: '/staff/eu/',
      Tags: [{ Key: 'team', Value: 'blue' }],
    });
    expect(User).toEqual({
      Path: '/staff/eu/',
      UserName: 'Ann.Lee@x',
      UserId: expect.stringMatching(/^AIDA[A-Z2-7]{17}$/),
      Arn: `arn:aws:iam::${accountId}:user/staff/eu/Ann.Lee@x`,
      CreateDate: expect.any(Date),
      Tags: [{ Key: 'team', Value: 'blue' }],
    });
    expect(await root.call('GetUser', { UserName: 'Ann.Lee@x' })).toEqual({ User });
    const { Tags: _tags, ...listed } = User;
    expect(await root.call('ListUsers')).toEqual({ Users: [listed], IsTruncated: false });
    await root.call('UpdateUser', { UserName: 'Ann.Lee@x', NewUserName: 'ann', NewPath: '/' });
    expect((await root.call('GetUser', { UserName: 'ann' })).User).toMatchObject({
      UserId: User.UserId,
      Arn: `arn:aws:iam::${accountId}:user/ann`,
    });
    expect(await faultOf(root.call('GetUser', { UserName: 'Ann.Lee@x' }))).toMatchObject({
      code: 'NoSuchEntity',
      status: 404,
      message: 'The user with name Ann.Lee@x cannot be found.',
    });
    expect(await root.call('DeleteUser', { UserName: 'ann' })).toEqual({});
    expect((await root.call('ListUsers')).Users).toEqual([]);
  });

  test('have an ARN that tells their path, for who judges what may be done to them', async () => {
    const root = await world.newRoot();
    const { accountId } = root.principal;
    const arnOf = (userName: string, account = accountId) =>
      world.client('gateway').call(contracts.userArn, { accountId: account, userName });
    const { User } = await root.call('CreateUser', { UserName: 'ann', Path: '/admin/' });
    expect(await arnOf('ann')).toEqual({ arn: `arn:aws:iam::${accountId}:user/admin/ann`, userId: User.UserId });
    for (const name of ['Ann', 'admin/ann', '', 'a'.repeat(5_000), 'ann\0']) expect(await arnOf(name)).toEqual({});
    const other = await world.newRoot();
    expect(await arnOf('ann', other.principal.accountId)).toEqual({});
    await root.call('UpdateUser', { UserName: 'ann', NewPath: '/' });
    expect((await arnOf('ann')).arn).toBe(`arn:aws:iam::${accountId}:user/ann`);
  });

  test('are not touched under an ARN that is theirs no more', async () => {
    const root = await world.newRoot();
    const { user, accessKeyId } = await world.newUser(root, 'ann');
    const old = user.principal.arn;
    await root.call('PutUserPolicy', { UserName: 'ann', PolicyName: 'p', PolicyDocument: POLICY });
    await root.call('UpdateUser', { UserName: 'ann', NewPath: '/admin/' });
    const current = (await root.call('GetUser', { UserName: 'ann' })).User.Arn;
    const inputs = {
      GetUser: {},
      UpdateUser: { NewUserName: 'bob' },
      DeleteUser: {},
      CreateAccessKey: {},
      ListAccessKeys: {},
      UpdateAccessKey: { AccessKeyId: accessKeyId, Status: 'Inactive' },
      DeleteAccessKey: { AccessKeyId: accessKeyId },
      PutUserPolicy: { PolicyName: 'p', PolicyDocument: POLICY },
      GetUserPolicy: { PolicyName: 'p' },
      ListUserPolicies: {},
      DeleteUserPolicy: { PolicyName: 'p' },
    };
    for (const [name, more] of Object.entries(inputs) as [keyof typeof inputs, object][]) {
      const call = root.call(name, { UserName: 'ann', ...more }, newRequestId(), old);
      expect(await faultOf(call)).toMatchObject({ code: 'ConcurrentModification', status: 409 });
    }
    // The same for a caller that means itself, and is known by another name.
    expect((await faultOf(user.call('GetUser', {}, newRequestId(), old))).code).toBe('ConcurrentModification');
    expect((await user.call('GetUser', {}, newRequestId(), current)).User.Arn).toBe(current);
    const key = { UserName: 'ann', AccessKeyId: accessKeyId };
    const keys = await root.call('ListAccessKeys', { UserName: 'ann' }, newRequestId(), current);
    expect(keys.AccessKeyMetadata).toMatchObject([{ ...key, Status: 'Active' }]);
    expect(await root.call('DeleteAccessKey', key, newRequestId(), current)).toEqual({});
  });

  test('have names that differ in more than their case', async () => {
    const root = await world.newRoot();
    await root.call('CreateUser', { UserName: 'ann' });
    await root.call('CreateUser', { UserName: 'bob' });
    const calls = [
      root.call('CreateUser', { UserName: 'ANN' }),
      root.call('UpdateUser', { UserName: 'bob', NewUserName: 'ANN' }),
    ];
    for (const fault of await Promise.all(calls.map(faultOf))) {
      const wanted = { code: 'EntityAlreadyExists', status: 409, message: 'User with name ANN already exists.' };
      expect(fault).toMatchObject(wanted);
    }
    await root.call('UpdateUser', { UserName: 'ann', NewUserName: 'ANN' });
    expect((await faultOf(root.call('GetUser', { UserName: 'ann' }))).code).toBe('NoSuchEntity');
    await (await world.newRoot()).call('CreateUser', { UserName: 'bob' });
  });

  test('are not deleted while they have keys or policies', async () => {
    const root = await world.newRoot();
    const { accessKeyId } = await world.newUser(root, 'ann');
    await root.call('PutUserPolicy', { UserName: 'ann', PolicyName: 'p', PolicyDocument: POLICY });
    const conflict = { code: 'DeleteConflict', status: 409 };
    expect(await faultOf(root.call('DeleteUser', { UserName: 'ann' }))).toMatchObject({
      ...conflict,
      message: 'Cannot delete entity, must delete access keys first.',
    });
    await root.call('DeleteAccessKey', { UserName: 'ann', AccessKeyId: accessKeyId });
    expect(await faultOf(root.call('DeleteUser', { UserName: 'ann' }))).toMatchObject({
      ...conflict,
      message: 'Cannot delete entity, must delete policies first.',
    });
    await root.call('DeleteUserPolicy', { UserName: 'ann', PolicyName: 'p' });
    await root.call('DeleteUser', { UserName: 'ann' });
    expect((await faultOf(root.call('DeleteUser', { UserName: 'ann' }))).code).toBe('NoSuchEntity');
  });

  test('are listed in pages and below a path', async () => {
    const root = await world.newRoot();
    const names = ['a', 'B', 'c', 'd', 'e'];
    for (const name of names) await root.call('CreateUser', { UserName: name, Path: name < 'd' ? '/x/y/' : '/xz/' });
    const seen: string[] = [];
    let marker: string | undefined;
    let pages = 0;
    do {
      const page = await root.call('ListUsers', { MaxItems: 2, ...(marker === undefined ? {} : { Marker: marker }) });
      seen.push(...page.Users.map((user: { UserName: string }) => user.UserName));
      expect(page.IsTruncated).toBe(page.Marker !== undefined);
      marker = page.Marker;
      pages += 1;
    } while (marker !== undefined);
    expect(pages).toBe(3);
    expect(seen).toEqual(names.toSorted());
    expect((await root.call('ListUsers', { PathPrefix: '/x/' })).Users).toHaveLength(3);
    expect((await root.call('ListUsers', { PathPrefix: '/x' })).Users).toHaveLength(5);
    expect((await root.call('ListUsers', { MaxItems: 5 })).IsTruncated).toBe(false);
    for (const input of [{ Marker: '!!' }, { MaxItems: 0 }, { MaxItems: 1001 }, { PathPrefix: 'x' }]) {
      expect((await faultOf(root.call('ListUsers', input))).code).toBe('ValidationError');
    }
  });

  test('are named as IAM permits', async () => {
    const root = await world.newRoot();
    for (const UserName of ['', 'a b', 'ü', 'a/b', 'a\0', 'x'.repeat(65), undefined, 7]) {
      expect(await faultOf(root.call('CreateUser', { UserName }))).toMatchObject({
        code: 'ValidationError',
        status: 400,
      });
    }
    for (const Path of ['', 'x', '/x', 'x/', '/ü/', `/${'x'.repeat(511)}/`, '/a b/']) {
      expect((await faultOf(root.call('CreateUser', { UserName: 'ann', Path }))).code).toBe('ValidationError');
    }
    expect((await faultOf(root.call('CreateUser', { UserName: 'a b' }))).message).toBe(
      'The specified value for userName is invalid. ' +
        'It must contain only alphanumeric characters and/or the following: +=,.@_-',
    );
    const tag = (Key: string, Value = '') => ({ Key, Value });
    const tags = (...Tags: unknown[]) => faultOf(root.call('CreateUser', { UserName: 'ann', Tags }));
    expect((await tags(tag('k'), tag('K'))).code).toBe('InvalidInput');
    for (const wrong of [tag(''), tag('x'.repeat(129)), tag('x', 'x'.repeat(257)), tag('x', '#'), { Key: 'x' }]) {
      expect((await tags(wrong)).code).toBe('ValidationError');
    }
    expect((await tags(...Array.from({ length: 51 }, (_, n) => tag(`k${n}`)))).code).toBe('ValidationError');
    const boundary = { UserName: 'ann', PermissionsBoundary: 'arn:aws:iam::aws:policy/ReadOnlyAccess' };
    expect((await faultOf(root.call('CreateUser', boundary))).code).toBe('NotImplemented');
    expect((await root.call('ListUsers')).Users).toEqual([]);
  });

  test('of other accounts cannot be reached', async () => {
    const [mine, other] = [await world.newRoot(), await world.newRoot()];
    const { accessKeyId } = await world.newUser(other, 'ann');
    const calls = [
      mine.call('GetUser', { UserName: 'ann' }),
      mine.call('DeleteUser', { UserName: 'ann' }),
      mine.call('CreateAccessKey', { UserName: 'ann' }),
      mine.call('DeleteAccessKey', { AccessKeyId: accessKeyId }),
      mine.call('PutUserPolicy', { UserName: 'ann', PolicyName: 'p', PolicyDocument: POLICY }),
    ];
    for (const fault of await Promise.all(calls.map(faultOf))) {
      expect(fault.code).toBe('NoSuchEntity');
    }
    const nobody = world.asker({ ...mine.principal, kind: 'anonymous' });
    expect((await faultOf(nobody.call('CreateUser', { UserName: 'ann' }))).code).toBe('AccessDenied');
  });

  test('without a name are the caller', async () => {
    const root = await world.newRoot();
    const { accountId } = root.principal;
    expect((await root.call('GetUser')).User).toEqual({
      UserId: accountId,
      Arn: `arn:aws:iam::${accountId}:root`,
      CreateDate: expect.any(Date),
    });
    const { user, accessKeyId } = await world.newUser(root, 'ann');
    expect((await user.call('GetUser')).User.UserName).toBe('ann');
    await root.call('UpdateUser', { UserName: 'ann', NewUserName: 'eve' });
    expect((await user.call('GetUser')).User.UserName).toBe('eve');
    expect((await user.call('ListAccessKeys')).AccessKeyMetadata).toMatchObject([{ AccessKeyId: accessKeyId }]);
    const role = world.asker({ ...root.principal, kind: 'assumed-role' });
    expect((await faultOf(role.call('GetUser'))).code).toBe('ValidationError');
  });
});
