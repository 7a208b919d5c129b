import { createHmac, randomUUID } from 'node:crypto';
import { identity as contracts, status } from '@coffer/contracts';
import { type Database, sql } from '@coffer/database';
import { deriveSigningKey } from '@coffer/sigv4';
import { type TestPostgres, testPostgres } from '@coffer/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { faultOf, newRoot, serveServiceKey, startIdentity, type TestIdentity } from './testkit/identity.ts';

let postgres: TestPostgres;
let running: TestIdentity[] = [];

beforeAll(async () => {
  postgres = await testPostgres('identity');
});
afterAll(async () => {
  await postgres.close();
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop();
});

async function start(options: Parameters<typeof startIdentity>[1] = {}, url?: string): Promise<TestIdentity> {
  const started = await startIdentity(url ?? (await postgres.database('identity')).urlFor('identity'), options);
  running.push(started);
  return started;
}

const day = (offset: number) =>
  new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
const first = (identity: TestIdentity) => identity.client('operator').call(contracts.firstAccount, {});
const create = (identity: TestIdentity, name: string, operationId: string = randomUUID()) =>
  identity.client('operator').call(contracts.createAccount, { name, operationId });
const resolve = (identity: TestIdentity, accessKeyId: string, more: { date?: string; sessionToken?: string } = {}) =>
  identity
    .client('gateway')
    .call(contracts.resolveKey, { accessKeyId, date: day(0), region: 'us-east-1', service: 's3', ...more });

describe('the first account', () => {
  test('is made once by many who start and ask at once', async () => {
    const url = (await postgres.database('identity')).urlFor('identity');
    const replicas = await Promise.all([start({}, url), start({}, url), start({}, url)]);
    const answers = await Promise.all([...replicas, ...replicas].map(first));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    const [account] = answers as [(typeof answers)[0]];
    expect(account.accountId).toMatch(/^[1-9]\d{11}$/);
    expect(account.canonicalId).toMatch(/^[0-9a-f]{64}$/);
    expect(account.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
    expect(account.secretAccessKey).toMatch(/^[A-Za-z0-9/+]{40}$/);
    expect(account.name).toBe('main');
    const { accounts } = await replicas[0].client('operator').call(contracts.listAccounts, {});
    expect(accounts).toHaveLength(1);
  });

  test('takes name and key from the configuration, and keeps them when that changes', async () => {
    const url = (await postgres.database('identity')).urlFor('identity');
    const env = {
      COFFER_ROOT_ACCOUNT_NAME: 'acme',
      COFFER_ROOT_ACCESS_KEY_ID: 'AKIACONFIGURED000001',
      COFFER_ROOT_SECRET_ACCESS_KEY: 'a-secret-of-the-operator',
    };
    const wanted = {
      name: 'acme',
      accessKeyId: env.COFFER_ROOT_ACCESS_KEY_ID,
      secretAccessKey: env.COFFER_ROOT_SECRET_ACCESS_KEY,
    };
    expect(await first(await start({ env }, url))).toMatchObject(wanted);
    expect(await first(await start({}, url))).toMatchObject(wanted);
  });

  test('needs both halves of a configured key', async () => {
    const env = { COFFER_ROOT_ACCESS_KEY_ID: 'AKIACONFIGURED000001' };
    await expect(start({ env })).rejects.toThrow('COFFER_ROOT_SECRET_ACCESS_KEY');
  });
});

describe('the service key', () => {
  test('is waited for: not ready and unavailable without it, at work as soon as it comes', async () => {
    const identity = await start({ kms: false });
    const check = identity.service.checks.find((each) => each.name === 'serviceKey');
    expect(() => check?.check()).toThrow('key service');
    const answer = await identity.client('operator').call(status.identity, {});
    expect(answer.checks['serviceKey']).not.toBe('ok');
    expect((await faultOf(create(identity, 'early'))).code).toBe('Unavailable');
    const stop = await serveServiceKey(identity.hub);
    await expect
      .poll(
        () =>
          first(identity).then(
            () => 'ok',
            () => 'not yet',
          ),
        { timeout: 10_000 },
      )
      .toBe('ok');
    expect((await identity.client('operator').call(status.identity, {})).checks).toEqual({
      database: 'ok',
      serviceKey: 'ok',
    });
    await stop();
  });
});

describe('accounts', () => {
  test('are made once for each operation id, with a name of their own', async () => {
    const identity = await start();
    const operationId = randomUUID();
    const both = await Promise.all([create(identity, 'second', operationId), create(identity, 'second', operationId)]);
    expect(both[0]).toEqual(both[1]);
    expect(await create(identity, 'second', operationId)).toEqual(both[0]);
    expect((await faultOf(create(identity, 'second'))).code).toBe('AccountAlreadyExists');
    expect((await faultOf(create(identity, 'main'))).code).toBe('AccountAlreadyExists');
    expect((await faultOf(create(identity, 'third', operationId))).code).toBe('InvalidMessage');
    const { accounts } = await identity.client('operator').call(contracts.listAccounts, {});
    expect(accounts.map((account) => account.name)).toEqual(['main', 'second']);
  });
});

describe('resolveKey', () => {
  test('gives the signing key and the root user, never the secret', async () => {
    const identity = await start();
    const account = await first(identity);
    const reply = await resolve(identity, account.accessKeyId);
    expect(Buffer.from(reply.signingKey)).toEqual(deriveSigningKey(account.secretAccessKey, day(0), 'us-east-1', 's3'));
    expect(reply.principal).toEqual({
      kind: 'root',
      accountId: account.accountId,
      arn: `arn:aws:iam::${account.accountId}:root`,
      userId: account.accountId,
      canonicalId: account.canonicalId,
    });
    expect(JSON.stringify(reply)).not.toContain(account.secretAccessKey);
    expect(reply.policies).toEqual([]);
  });

  test('derives for days around today only', async () => {
    const identity = await start();
    const { accessKeyId } = await first(identity);
    for (const date of [day(-8), day(-1), day(0), day(1)]) await resolve(identity, accessKeyId, { date });
    for (const date of [day(-9), day(2), '00000000', '20261301', '99999999']) {
      expect((await faultOf(resolve(identity, accessKeyId, { date }))).code).toBe('InvalidArgument');
    }
  });

  test('refuses unknown keys and session tokens', async () => {
    const identity = await start();
    const { accessKeyId } = await first(identity);
    const unknown = await faultOf(resolve(identity, 'AKIAUNKNOWNUNKNOWN22'));
    expect(unknown).toMatchObject({ code: 'InvalidAccessKeyId', status: 403 });
    expect((await faultOf(resolve(identity, 'AKIA\0'))).code).toBe('InvalidAccessKeyId');
    expect((await faultOf(resolve(identity, accessKeyId, { sessionToken: 'token' }))).code).toBe('InvalidToken');
    expect((await faultOf(resolve(identity, accessKeyId, { sessionToken: '' }))).code).toBe('InvalidToken');
  });

  test('does not open a secret that was moved to another key', async () => {
    const database = await postgres.database('identity');
    const identity = await start({}, database.urlFor('identity'));
    const [one, other] = [await first(identity), await create(identity, 'other')];
    const swap = `UPDATE access_keys k SET wrapped = o.wrapped FROM access_keys o WHERE o.access_key_id <> k.access_key_id`;
    await database.open('identity').execute(sql('test.identity.swap', swap));
    for (const { accessKeyId } of [one, other]) {
      expect((await faultOf(resolve(identity, accessKeyId))).code).toBe('Internal');
    }
  });
});

describe('verifySigV2', () => {
  test('tells a right signature from a wrong one', async () => {
    const identity = await start();
    const { accessKeyId, secretAccessKey, accountId } = await first(identity);
    const stringToSign = 'GET\n\n\n1893456000\n/bucket/key';
    const signature = createHmac('sha1', secretAccessKey).update(stringToSign).digest('base64');
    const verify = (more: { signature?: string; stringToSign?: string; accessKeyId?: string; sessionToken?: string }) =>
      identity.client('gateway').call(contracts.verifySigV2, { accessKeyId, stringToSign, signature, ...more });
    expect((await verify({})).principal).toMatchObject({ kind: 'root', accountId });
    const wrong = await faultOf(verify({ stringToSign: `${stringToSign}?retention` }));
    expect(wrong).toMatchObject({ code: 'SignatureDoesNotMatch', status: 403 });
    expect(JSON.stringify(wrong)).not.toContain(secretAccessKey);
    expect((await faultOf(verify({ signature: '' }))).code).toBe('SignatureDoesNotMatch');
    expect((await faultOf(verify({ accessKeyId: 'AKIAUNKNOWNUNKNOWN22' }))).code).toBe('InvalidAccessKeyId');
    expect((await faultOf(verify({ sessionToken: 'token' }))).code).toBe('InvalidToken');
  });
});

test('GetCallerIdentity answers who asks', async () => {
  const root = await newRoot(await start());
  const { accountId, arn } = root.principal;
  expect(await root.call('GetCallerIdentity')).toEqual({ UserId: accountId, Account: accountId, Arn: arn });
});

test('no secret lies in the database in clear', async () => {
  const database = await postgres.database('identity');
  const identity = await start({}, database.urlFor('identity'));
  const account = await create(identity, 'other');
  const secrets = [(await first(identity)).secretAccessKey, account.secretAccessKey];
  const stored = await everything(database.open('identity'));
  expect(stored).toContain(account.accessKeyId);
  for (const secret of secrets) {
    for (const form of [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64')]) {
      expect(stored).not.toContain(form);
    }
  }
});

async function everything(database: Database): Promise<string> {
  const parts = [];
  for (const table of ['accounts', 'users', 'access_keys', 'user_policies', 'outbox', 'changes', 'leases']) {
    parts.push(
      JSON.stringify(await database.query(sql(`test.identity.all.${table}`, `SELECT t::text FROM ${table} t`))),
    );
  }
  return parts.join('\n');
}
