import { audit, identity as contracts } from '@coffer/contracts';
import { type Database, sql } from '@coffer/database';
import { type TestPostgres, testPostgres } from '@coffer/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Asker, faultOf, newRequestId, newRoot, startIdentity, type TestIdentity } from '../testkit/identity.ts';

const POLICY =
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b\'(*)"}]}';

let postgres: TestPostgres;
let identity: TestIdentity;
let database: Database;

beforeAll(async () => {
  postgres = await testPostgres('identity_iam');
  database = postgres.open('identity');
  identity = await startIdentity(postgres.urlFor('identity'));
});
afterAll(async () => {
  await identity.stop();
  await postgres.close();
});

const day = () => new Date().toISOString().slice(0, 10).replaceAll('-', '');
const resolve = (accessKeyId: string) =>
  identity.client('gateway').call(contracts.resolveKey, { accessKeyId, date: day(), region: 'r', service: 's3' });

/** A user of the account that asks by itself. */
async function newUser(root: Asker, userName: string): Promise<{ user: Asker; accessKeyId: string }> {
  await root.call('CreateUser', { UserName: userName });
  const { AccessKey } = await root.call('CreateAccessKey', { UserName: userName });
  const { principal } = await resolve(AccessKey.AccessKeyId);
  return { user: new Asker(identity, principal), accessKeyId: AccessKey.AccessKeyId };
}

describe('users', () => {
  test('are created, shown, listed, renamed and deleted', async () => {
    const root = await newRoot(identity);
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
    const root = await newRoot(identity);
    const { accountId } = root.principal;
    const arnOf = (userName: string, account = accountId) =>
      identity.client('gateway').call(contracts.userArn, { accountId: account, userName });
    const { User } = await root.call('CreateUser', { UserName: 'ann', Path: '/admin/' });
    expect(await arnOf('ann')).toEqual({ arn: `arn:aws:iam::${accountId}:user/admin/ann`, userId: User.UserId });
    for (const name of ['Ann', 'admin/ann', '', 'a'.repeat(5_000), 'ann\0']) expect(await arnOf(name)).toEqual({});
    const other = await newRoot(identity);
    expect(await arnOf('ann', other.principal.accountId)).toEqual({});
    await root.call('UpdateUser', { UserName: 'ann', NewPath: '/' });
    expect((await arnOf('ann')).arn).toBe(`arn:aws:iam::${accountId}:user/ann`);
  });

  test('are not touched under an ARN that is theirs no more', async () => {
    const root = await newRoot(identity);
    const { user, accessKeyId } = await newUser(root, 'ann');
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
    const root = await newRoot(identity);
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
    await (await newRoot(identity)).call('CreateUser', { UserName: 'bob' });
  });

  test('are not deleted while they have keys or policies', async () => {
    const root = await newRoot(identity);
    const { accessKeyId } = await newUser(root, 'ann');
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
    const root = await newRoot(identity);
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
    const root = await newRoot(identity);
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
    const [mine, other] = [await newRoot(identity), await newRoot(identity)];
    const { accessKeyId } = await newUser(other, 'ann');
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
    const nobody = new Asker(identity, { ...mine.principal, kind: 'anonymous' });
    expect((await faultOf(nobody.call('CreateUser', { UserName: 'ann' }))).code).toBe('AccessDenied');
  });

  test('without a name are the caller', async () => {
    const root = await newRoot(identity);
    const { accountId } = root.principal;
    expect((await root.call('GetUser')).User).toEqual({
      UserId: accountId,
      Arn: `arn:aws:iam::${accountId}:root`,
      CreateDate: expect.any(Date),
    });
    const { user, accessKeyId } = await newUser(root, 'ann');
    expect((await user.call('GetUser')).User.UserName).toBe('ann');
    await root.call('UpdateUser', { UserName: 'ann', NewUserName: 'eve' });
    expect((await user.call('GetUser')).User.UserName).toBe('eve');
    expect((await user.call('ListAccessKeys')).AccessKeyMetadata).toMatchObject([{ AccessKeyId: accessKeyId }]);
    const role = new Asker(identity, { ...root.principal, kind: 'assumed-role' });
    expect((await faultOf(role.call('GetUser'))).code).toBe('ValidationError');
  });
});

describe('access keys', () => {
  test('work until they are switched off or deleted', async () => {
    const root = await newRoot(identity);
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
    const resolved = await resolve(AccessKeyId);
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
    expect((await faultOf(resolve(AccessKeyId))).code).toBe('InvalidAccessKeyId');
    expect(await root.call('ListAccessKeys', { UserName: 'ann' })).toEqual({
      AccessKeyMetadata: [{ UserName: 'ann', AccessKeyId, Status: 'Inactive', CreateDate: AccessKey.CreateDate }],
      IsTruncated: false,
    });
    await root.call('UpdateAccessKey', { UserName: 'ann', AccessKeyId, Status: 'Active' });
    await resolve(AccessKeyId);
    await root.call('DeleteAccessKey', { UserName: 'ann', AccessKeyId });
    expect((await faultOf(resolve(AccessKeyId))).code).toBe('InvalidAccessKeyId');
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
    const root = await newRoot(identity);
    await root.call('CreateUser', { UserName: 'ann' });
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, () => root.call('CreateAccessKey', { UserName: 'ann' })),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(2);
    const { AccessKey } = await root.call('CreateAccessKey');
    expect(AccessKey).not.toHaveProperty('UserName');
    expect((await resolve(AccessKey.AccessKeyId)).principal.kind).toBe('root');
    expect(await faultOf(root.call('CreateAccessKey'))).toMatchObject({
      code: 'LimitExceeded',
      status: 409,
      message: 'Cannot exceed quota for AccessKeysPerUser: 2',
    });
    expect((await root.call('ListAccessKeys')).AccessKeyMetadata).toHaveLength(2);
  });

  test('of root are out of reach for a user', async () => {
    const root = await newRoot(identity);
    const { user } = await newUser(root, 'ann');
    const [rootKey] = (await root.call('ListAccessKeys')).AccessKeyMetadata;
    for (const input of [{}, { UserName: 'ann' }]) {
      const call = user.call('DeleteAccessKey', { ...input, AccessKeyId: rootKey.AccessKeyId });
      expect((await faultOf(call)).code).toBe('NoSuchEntity');
    }
    await resolve(rootKey.AccessKeyId);
  });

  test('take only what IAM takes', async () => {
    const root = await newRoot(identity);
    for (const AccessKeyId of ['short', 'x'.repeat(129), 'AKIA/AAAAAAAAAAAAAAA', undefined]) {
      expect((await faultOf(root.call('DeleteAccessKey', { AccessKeyId }))).code).toBe('ValidationError');
    }
    const update = root.call('UpdateAccessKey', { AccessKeyId: 'AKIAAAAAAAAAAAAAAAAA', Status: 'Off' });
    expect((await faultOf(update)).message).toContain('enum value set: [Active, Inactive]');
  });
});

describe('inline policies', () => {
  test('are put, shown percent-encoded, listed and deleted', async () => {
    const root = await newRoot(identity);
    await root.call('CreateUser', { UserName: 'ann' });
    for (const name of ['b', 'a', 'c']) {
      await root.call('PutUserPolicy', { UserName: 'ann', PolicyName: name, PolicyDocument: POLICY });
    }
    const shown = await root.call('GetUserPolicy', { UserName: 'ann', PolicyName: 'a' });
    expect(shown).toMatchObject({ UserName: 'ann', PolicyName: 'a' });
    expect(shown.PolicyDocument).toMatch(/^[\w.~%-]+$/);
    expect(decodeURIComponent(shown.PolicyDocument)).toBe(POLICY);
    const page = await root.call('ListUserPolicies', { UserName: 'ann', MaxItems: 2 });
    expect(page).toEqual({ PolicyNames: ['a', 'b'], IsTruncated: true, Marker: expect.any(String) });
    expect(await root.call('ListUserPolicies', { UserName: 'ann', Marker: page.Marker })).toEqual({
      PolicyNames: ['c'],
      IsTruncated: false,
    });
    await root.call('DeleteUserPolicy', { UserName: 'ann', PolicyName: 'a' });
    for (const name of ['GetUserPolicy', 'DeleteUserPolicy'] as const) {
      expect(await faultOf(root.call(name, { UserName: 'ann', PolicyName: 'a' }))).toMatchObject({
        code: 'NoSuchEntity',
        message: 'The user policy with name a cannot be found.',
      });
    }
  });

  test('must be well-formed, and 2048 characters together', async () => {
    const root = await newRoot(identity);
    await root.call('CreateUser', { UserName: 'ann' });
    const put = (PolicyName: string, PolicyDocument: string) =>
      root.call('PutUserPolicy', { UserName: 'ann', PolicyName, PolicyDocument });
    for (const text of [
      '{',
      '{}',
      '[]',
      POLICY.replace('Allow', 'Maybe'),
      POLICY.replace('"Action"', '"Principal":"*","Action"'),
    ]) {
      expect(await faultOf(put('p', text))).toMatchObject({ code: 'MalformedPolicyDocument', status: 400 });
    }
    expect((await faultOf(put('p', POLICY.replace('s3:*', 's3:\u{1f512}')))).code).toBe('ValidationError');
    const sized = (size: number) =>
      POLICY.replace('arn:aws:s3:::b', `arn:aws:s3:::${'b'.repeat(size - POLICY.length + 1)}`);
    await put('p', sized(1500));
    await put('p', `${sized(2048)}${' '.repeat(3000)}`);
    const limit = {
      code: 'LimitExceeded',
      status: 409,
      message: 'Maximum policy size of 2048 bytes exceeded for user ann',
    };
    expect(await faultOf(put('p', sized(2049)))).toMatchObject(limit);
    await put('p', sized(1500));
    expect(await faultOf(put('q', sized(549)))).toMatchObject(limit);
    await put('q', sized(548));
  });
});

describe('a repeated change', () => {
  test('is made once and answered alike, the secret included, which is not stored', async () => {
    const root = await newRoot(identity);
    await root.call('CreateUser', { UserName: 'ann' });
    const requestId = newRequestId();
    const create = () => root.call('CreateAccessKey', { UserName: 'ann' }, requestId);
    const outputs = [...(await Promise.all([create(), create(), create()])), await create()];
    for (const output of outputs) expect(output).toEqual(outputs[0]);
    expect((await root.call('ListAccessKeys', { UserName: 'ann' })).AccessKeyMetadata).toHaveLength(1);
    const secret = outputs[0].AccessKey.SecretAccessKey as string;
    const stored = JSON.stringify([
      await database.query(sql('test.iam.outbox', 'SELECT o::text FROM outbox o')),
      await database.query(sql('test.iam.keys', 'SELECT k::text FROM access_keys k')),
    ]);
    expect(stored).toContain(outputs[0].AccessKey.AccessKeyId);
    for (const form of [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64')]) {
      expect(stored).not.toContain(form);
    }
  });

  test('that removes something is answered, not refused', async () => {
    const root = await newRoot(identity);
    await root.call('CreateUser', { UserName: 'ann' });
    const requestId = newRequestId();
    const remove = () => root.call('DeleteUser', { UserName: 'ann' }, requestId);
    expect(await Promise.all([remove(), remove(), remove()])).toEqual([{}, {}, {}]);
    expect(await remove()).toEqual({});
    expect((await faultOf(root.call('DeleteUser', { UserName: 'ann' }))).code).toBe('NoSuchEntity');
  });

  test('leaves its draft for audit, once, until that is settled; a refused one leaves none', async () => {
    const root = await newRoot(identity);
    const [done, refused] = [newRequestId(), newRequestId()];
    await root.call('CreateUser', { UserName: 'ann' }, done);
    await faultOf(root.call('CreateUser', { UserName: 'ann' }, refused));
    const auditor = identity.client('audit');
    const pending = async () => {
      const reply = await auditor.call(audit.outboxes.identity.pending, { minAgeMs: 0, limit: 1000 });
      return reply.entries.filter((entry) => [done, refused].includes(entry.requestId));
    };
    expect(await pending()).toMatchObject([
      { requestId: done, draft: { requestId: done, phase: 'draft', operation: 'CreateUser', status: 200 } },
    ]);
    await auditor.call(audit.outboxes.identity.settle, { requestIds: [done] });
    expect(await pending()).toEqual([]);
    await root.call('CreateUser', { UserName: 'ann' }, done);
  });
});

test('principals are resolved to unique ids and back', async () => {
  const root = await newRoot(identity);
  const { accountId } = root.principal;
  const { User } = await root.call('CreateUser', { UserName: 'Ann', Path: '/p/' });
  const rootArn = `arn:aws:iam::${accountId}:root`;
  const lost = [
    `arn:aws:iam::${accountId}:user/Ann`,
    `arn:aws:iam::${accountId}:user/p/ann`,
    `arn:aws:iam::${accountId}:user/p/*`,
    'arn:aws:iam::000000000000:root',
    `arn:aws:iam::${accountId}`,
    `${accountId}:root`,
    '*',
    '__proto__',
    'a\0b',
  ];
  const resolvePrincipals = (arns: string[], ids: string[]) =>
    identity.client('gateway').call(contracts.resolvePrincipals, { arns, ids });
  const { byArn, byId } = await resolvePrincipals(
    [User.Arn, rootArn, accountId, ...lost],
    [User.UserId, rootArn, 'AIDAGONE'],
  );
  expect(byArn[User.Arn]).toBe(User.UserId);
  expect([byArn[rootArn], byArn[accountId]]).toEqual([rootArn, rootArn]);
  for (const arn of lost) expect(Object.entries(byArn).find(([name]) => name === arn)?.[1] ?? null).toBeNull();
  expect(byId).toEqual({ [User.UserId]: User.Arn, [rootArn]: rootArn, AIDAGONE: null });
  await root.call('DeleteUser', { UserName: 'Ann' });
  await root.call('CreateUser', { UserName: 'Ann', Path: '/p/' });
  const later = await resolvePrincipals([User.Arn], [User.UserId]);
  expect(later.byId[User.UserId]).toBeNull();
  expect(later.byArn[User.Arn]).not.toBe(User.UserId);
});
