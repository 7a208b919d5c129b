import { randomBytes } from 'node:crypto';
import { type Fault, kms as contracts, status } from '@coffer/contracts';
import { type Database, sql } from '@coffer/database';
import { type TestPostgres, testPostgres } from '@coffer/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { newRootKey, startKms, type TestKms } from './testkit/keys.ts';

const ACCOUNT = '123456789012';
const CONTEXT = { bucketId: 'b-1', period: '2026-11' };

let postgres: TestPostgres;
let running: TestKms[] = [];

beforeAll(async () => {
  postgres = await testPostgres('kms');
});
afterAll(async () => {
  await postgres.close();
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.service.stop();
});

/** A key service on a database of its own, or on one that another used before. */
async function start(env: NodeJS.ProcessEnv, url?: string): Promise<TestKms> {
  const databaseUrl = url ?? (await postgres.database('kms')).urlFor('kms');
  const kms = await startKms(databaseUrl, env);
  running.push(kms);
  return kms;
}

async function faultOf(call: Promise<unknown>): Promise<Fault> {
  return await call.then(
    () => {
      throw new Error('The call should have failed.');
    },
    (error: unknown) => error as Fault,
  );
}

const generate = (kms: TestKms, accountId = ACCOUNT, context: Record<string, string> = CONTEXT) =>
  kms.client('gateway').call(contracts.generateDataKey, { accountId, purpose: 's3', context });
const unwrap = (kms: TestKms, wrapped: Uint8Array, context: Record<string, string> = CONTEXT) =>
  kms.client('gateway').call(contracts.unwrapDataKey, { wrapped, context });
const identityKey = (kms: TestKms) => kms.client('identity').call(contracts.serviceKey.identity, {});
const governanceKey = (kms: TestKms) => kms.client('governance').call(contracts.serviceKey.governance, {});
const isReady = async (kms: TestKms) => {
  const results = await Promise.allSettled(kms.service.checks.map(async (check) => await check.check()));
  return results.every((result) => result.status === 'fulfilled');
};

describe('data keys', () => {
  test('unwrap to what was generated, and every one is fresh', async () => {
    const kms = await start({ COFFER_ROOT_KEY: newRootKey() });
    const first = await generate(kms);
    const second = await generate(kms);
    expect(first.plaintext).toHaveLength(32);
    expect(first.keyId).toBe(second.keyId);
    expect(Buffer.compare(first.plaintext, second.plaintext)).not.toBe(0);
    expect(Buffer.from(first.wrapped).toString('latin1')).toContain(first.keyId);
    expect(Buffer.from(first.wrapped).includes(Buffer.from(first.plaintext))).toBe(false);
    const unwrapped = await unwrap(kms, first.wrapped);
    expect(unwrapped.keyId).toBe(first.keyId);
    expect(Buffer.from(unwrapped.plaintext)).toEqual(Buffer.from(first.plaintext));
  });

  test('the order of the context does not matter, everything else about it does', async () => {
    const kms = await start({ COFFER_ROOT_KEY: newRootKey() });
    const { wrapped } = await generate(kms);
    await unwrap(kms, wrapped, { period: '2026-11', bucketId: 'b-1' });
    for (const context of [{}, { bucketId: 'b-1' }, { ...CONTEXT, bucketId: 'b-2' }, { ...CONTEXT, more: '' }]) {
      expect((await faultOf(unwrap(kms, wrapped, context as Record<string, string>))).code).toBe('InvalidCiphertext');
    }
  });

  test('altered bytes, cut bytes and another context get one and the same answer', async () => {
    const kms = await start({ COFFER_ROOT_KEY: newRootKey() });
    const { wrapped } = await generate(kms);
    const idBytes = 2 + (wrapped[1] as number);
    const answers = new Set<string>();
    const attempts: [Uint8Array, Record<string, string>][] = [[wrapped, { other: 'context' }]];
    for (let at = idBytes; at < wrapped.length; at += 1) {
      const altered = Buffer.from(wrapped);
      altered[at] = (altered[at] as number) ^ 1;
      attempts.push([altered, CONTEXT]);
    }
    attempts.push([wrapped.subarray(0, -1), CONTEXT], [wrapped.subarray(0, 1), CONTEXT], [new Uint8Array(0), CONTEXT]);
    attempts.push([Buffer.from('not a wrapped key'), CONTEXT], [randomBytes(9000), CONTEXT]);
    for (const [bytes, context] of attempts) {
      const fault = await faultOf(unwrap(kms, bytes, context));
      answers.add(`${fault.code} ${fault.message} ${fault.status}`);
    }
    expect(answers.size).toBe(1);
    expect([...answers][0]).toMatch(/^InvalidCiphertext /);
  });

  test('each account has its own key, and one cannot be opened in the name of the other', async () => {
    const kms = await start({ COFFER_ROOT_KEY: newRootKey() });
    const mine = await generate(kms);
    const theirs = await generate(kms, '210987654321');
    expect(mine.keyId).not.toBe(theirs.keyId);
    const forged = Buffer.from(theirs.wrapped);
    forged.write(mine.keyId, 2, 'latin1');
    expect((await faultOf(unwrap(kms, forged))).code).toBe('InvalidCiphertext');
  });

  test('an account key that many ask for at once is made once', async () => {
    const database = await postgres.database('kms');
    const rootKey = newRootKey();
    const replicas = [
      await start({ COFFER_ROOT_KEY: rootKey }, database.urlFor('kms')),
      await start({ COFFER_ROOT_KEY: rootKey }, database.urlFor('kms')),
    ];
    const made = await Promise.all(Array.from({ length: 16 }, (_, n) => generate(replicas[n % 2] as TestKms)));
    expect(new Set(made.map((each) => each.keyId)).size).toBe(1);
    for (const { wrapped } of made) await unwrap(replicas[0] as TestKms, wrapped);
    const counted = await database.open('kms').query(sql('test.kms.count', 'SELECT FROM key_material'));
    expect(counted).toHaveLength(1);
  });

  test('a disabled key serves nobody, and tells so only to those who hold something that it wrapped', async () => {
    const database = await postgres.database('kms');
    const kms = await start({ COFFER_ROOT_KEY: newRootKey() }, database.urlFor('kms'));
    const { wrapped } = await generate(kms);
    await database.open('kms').execute(sql('test.kms.disable', 'UPDATE keys SET enabled = false'));
    expect((await faultOf(generate(kms))).code).toBe('Disabled');
    expect((await faultOf(unwrap(kms, wrapped))).code).toBe('Disabled');
    expect((await faultOf(unwrap(kms, wrapped, {}))).code).toBe('InvalidCiphertext');
  });

  test('without its key nothing opens any more', async () => {
    const database = await postgres.database('kms');
    const kms = await start({ COFFER_ROOT_KEY: newRootKey() }, database.urlFor('kms'));
    const { wrapped } = await generate(kms);
    const sqls = database.open('kms');
    await sqls.execute(sql('test.kms.dropMaterial', 'DELETE FROM key_material'));
    await sqls.execute(sql('test.kms.dropKeys', 'DELETE FROM keys'));
    expect((await faultOf(unwrap(kms, wrapped))).code).toBe('NotFound');
  });

  test('stored material that was moved to another account does not open', async () => {
    const database = await postgres.database('kms');
    const kms = await start({ COFFER_ROOT_KEY: newRootKey() }, database.urlFor('kms'));
    const { wrapped } = await generate(kms);
    await database.open('kms').execute(sql('test.kms.move', 'UPDATE keys SET account_id = $1'), ['210987654321']);
    expect((await faultOf(unwrap(kms, wrapped))).code).toBe('Internal');
  });

  test('a context that is too large is refused', async () => {
    const kms = await start({ COFFER_ROOT_KEY: newRootKey() });
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`n${n}`, '']));
    for (const context of [
      many,
      { long: 'x'.repeat(5000) },
      { a: 'x'.repeat(4000), b: 'x'.repeat(4000), c: 'x'.repeat(999) },
    ]) {
      expect((await faultOf(generate(kms, ACCOUNT, context as Record<string, string>))).code).toBe('InvalidMessage');
    }
    expect((await faultOf(generate(kms, ACCOUNT, { half: '\ud800' }))).code).toBe('InvalidMessage');
  });
});

describe('service keys', () => {
  test('are distinct, and released to their own service alone', async () => {
    const kms = await start({ COFFER_ROOT_KEY: newRootKey() });
    const identity = await identityKey(kms);
    const governance = await governanceKey(kms);
    expect(identity.key).toHaveLength(32);
    expect(governance.key).toHaveLength(32);
    expect(Buffer.compare(identity.key, governance.key)).not.toBe(0);
    expect(identity.keyId).not.toBe(governance.keyId);
    for (const other of ['gateway', 'governance', 'audit', 'object-storage', 'operator'] as const) {
      await faultOf(kms.client(other).call(contracts.serviceKey.identity, {}));
    }
    await faultOf(kms.client('identity').call(contracts.serviceKey.governance, {}));
  });

  test('a key handed out can be overwritten by who got it', async () => {
    const kms = await start({ COFFER_ROOT_KEY: newRootKey() });
    const first = await identityKey(kms);
    const kept = Buffer.from(first.key);
    first.key.fill(0);
    expect(Buffer.from((await identityKey(kms)).key)).toEqual(kept);
  });

  test('swapped rows do not open', async () => {
    const database = await postgres.database('kms');
    const kms = await start({ COFFER_ROOT_KEY: newRootKey() }, database.urlFor('kms'));
    await identityKey(kms);
    await governanceKey(kms);
    const swap = `UPDATE service_keys s SET wrapped = o.wrapped FROM service_keys o WHERE o.service <> s.service`;
    await database.open('kms').execute(sql('test.kms.swap', swap));
    expect((await faultOf(identityKey(kms))).code).toBe('Internal');
  });
});

describe('the root key', () => {
  test('brings back everything after a restart', async () => {
    const url = (await postgres.database('kms')).urlFor('kms');
    const rootKey = newRootKey();
    const before = await start({ COFFER_ROOT_KEY: rootKey }, url);
    const data = await generate(before);
    const identity = await identityKey(before);
    await before.service.stop();
    running = [];
    const after = await start({ COFFER_ROOT_KEY: Buffer.from(rootKey, 'base64').toString('hex') }, url);
    expect(Buffer.from((await unwrap(after, data.wrapped)).plaintext)).toEqual(Buffer.from(data.plaintext));
    expect(await identityKey(after)).toEqual(identity);
    expect((await generate(after)).keyId).toBe(data.keyId);
  });

  test('when missing: the service is up, sealed, not ready, and says why', async () => {
    const kms = await start({});
    for (const call of [generate(kms), unwrap(kms, new Uint8Array(8)), identityKey(kms), governanceKey(kms)]) {
      expect((await faultOf(call)).code).toBe('Unavailable');
    }
    expect(await isReady(kms)).toBe(false);
    const answer = await kms.client('operator').call(status.kms, {});
    expect(answer.checks['rootKey']).toContain('COFFER_ROOT_KEY');
    expect(answer.checks['database']).toBe('ok');
  });

  test('when wrong: sealed, and the right one opens again', async () => {
    const url = (await postgres.database('kms')).urlFor('kms');
    const rootKey = newRootKey();
    const right = await start({ COFFER_ROOT_KEY: rootKey }, url);
    const { wrapped } = await generate(right);
    const wrong = await start({ COFFER_ROOT_KEY: newRootKey() }, url);
    expect((await faultOf(unwrap(wrong, wrapped))).code).toBe('Unavailable');
    expect(await isReady(wrong)).toBe(false);
    const again = await start({ COFFER_ROOT_KEY: rootKey }, url);
    expect(await isReady(again)).toBe(true);
    await unwrap(again, wrapped);
  });

  test('two first starts with different keys: one wins, the other stays sealed', async () => {
    const url = (await postgres.database('kms')).urlFor('kms');
    const both = await Promise.all([
      start({ COFFER_ROOT_KEY: newRootKey() }, url),
      start({ COFFER_ROOT_KEY: newRootKey() }, url),
    ]);
    const ready = await Promise.all(both.map(isReady));
    expect(ready.filter(Boolean)).toHaveLength(1);
  });

  test('keys without a check value are never given a new root key', async () => {
    const database = await postgres.database('kms');
    const rootKey = newRootKey();
    const kms = await start({ COFFER_ROOT_KEY: rootKey }, database.urlFor('kms'));
    await generate(kms);
    await database.open('kms').execute(sql('test.kms.loseCheck', 'DELETE FROM root_key'));
    expect(await isReady(await start({ COFFER_ROOT_KEY: rootKey }, database.urlFor('kms')))).toBe(false);
  });

  test('neither it nor any other key lies in the database in clear', async () => {
    const database = await postgres.database('kms');
    const rootKey = newRootKey();
    const kms = await start({ COFFER_ROOT_KEY: rootKey }, database.urlFor('kms'));
    const secrets = [
      Buffer.from(rootKey, 'base64'),
      Buffer.from((await generate(kms)).plaintext),
      Buffer.from((await identityKey(kms)).key),
      Buffer.from((await governanceKey(kms)).key),
    ];
    const stored = await everything(database.open('kms'));
    for (const secret of secrets) expect(stored).not.toContain(secret.toString('hex'));
  });
});

async function everything(database: Database): Promise<string> {
  const tables = ['root_key', 'keys', 'key_material', 'service_keys'];
  const parts = [];
  for (const table of tables) {
    parts.push(JSON.stringify(await database.query(sql(`test.kms.all.${table}`, `SELECT t::text FROM ${table} t`))));
  }
  expect(parts.every((part) => part.length > 10)).toBe(true);
  return parts.join('\n');
}
