import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from './index.ts';
import { DatabaseUnavailable, NotDurableError, openDatabase, requireDurable, sql, sqlState } from './index.ts';
import type { TestServer } from './testkit/server.ts';
import { testServer } from './testkit/server.ts';

let server: TestServer;
let db: Database;

const create = sql('t.create', 'CREATE TABLE account (id int PRIMARY KEY, amount int8 NOT NULL)');
const insert = sql('t.insert', 'INSERT INTO account VALUES ($1, $2)');
const amounts = sql('t.amounts', 'SELECT amount FROM account ORDER BY id');
const amountOf = sql('t.amountOf', 'SELECT amount FROM account WHERE id = $1');
const setAmount = sql('t.set', 'UPDATE account SET amount = $2 WHERE id = $1');
const add = sql('t.add', 'UPDATE account SET amount = amount + $2 WHERE id = $1');
const terminateMe = sql('t.terminate', 'SELECT pg_terminate_backend(pg_backend_pid())');
const prepared = sql('t.prepared', `SELECT name FROM pg_prepared_statements WHERE name LIKE 't.%' ORDER BY name`);
const sleep = sql('t.sleep', 'SELECT pg_sleep(30)');

beforeAll(async () => {
  server = await testServer();
  db = server.open('kms');
  await db.execute(create);
});
afterAll(() => server.stop());

async function fresh(...values: number[]): Promise<void> {
  await db.execute(sql('t.clear', 'DELETE FROM account'));
  for (const [id, value] of values.entries()) await db.execute(insert, [id, value]);
}

describe('columns', () => {
  it('come back as the documented types', async () => {
    const [row] = await db.query(
      sql(
        't.types',
        `SELECT 9007199254740991::int8 AS big, '{1,NULL,3}'::int8[] AS bigs, 1.50::numeric AS exact,
                '2026-01-02T03:04:05Z'::timestamptz AS at, '2026-01-02'::date AS day,
                '\\x00ff'::bytea AS bytes, '{"a":[1]}'::jsonb AS doc`,
      ),
    );
    expect(row).toEqual({
      big: Number.MAX_SAFE_INTEGER,
      bigs: [1, null, 3],
      exact: '1.50',
      at: new Date('2026-01-02T03:04:05Z'),
      day: '2026-01-02',
      bytes: Buffer.from([0, 255]),
      doc: { a: [1] },
    });
  });

  it('throw where a number would be wrong, and the connection goes on', async () => {
    const one = server.open('kms', { max: 1 });
    await expect(one.query(sql('t.unsafe', 'SELECT 9007199254740993::int8'))).rejects.toThrow(RangeError);
    await one.check();
  });
});

describe('statements', () => {
  it('are prepared under their names, once per connection', async () => {
    const one = server.open('kms', { max: 1 });
    await one.query(amounts);
    await one.query(amounts);
    expect(await one.query(prepared)).toEqual([{ name: 't.amounts' }, { name: 't.prepared' }]);
  });

  it('are given up after the timeout', async () => {
    const hasty = server.open('kms', { statementTimeoutMs: 50 });
    await expect(hasty.query(sleep)).rejects.toSatisfy((error) => sqlState(error) === '57014');
    await hasty.check();
  });

  it('do not wait for a lock for ever', async () => {
    await fresh(1);
    const hasty = server.open('kms', { lockTimeoutMs: 50 });
    await db.transaction(async (tx) => {
      await tx.execute(setAmount, [0, 2]);
      await expect(hasty.execute(setAmount, [0, 3])).rejects.toSatisfy((error) => sqlState(error) === '55P03');
    });
  });
});

describe('transaction', () => {
  it('commits what it returned from, and hands the result on', async () => {
    await fresh();
    const result = await db.transaction(async (tx) => {
      await Promise.all([tx.execute(insert, [1, 10]), tx.execute(insert, [2, 20])]);
      return 'done';
    });
    expect(result).toBe('done');
    expect(await db.query(amounts)).toEqual([{ amount: 10 }, { amount: 20 }]);
  });

  it('rolls back what threw, and keeps its connection', async () => {
    await fresh();
    const one = server.open('kms', { max: 1 });
    const pid = sql('t.pid', 'SELECT pg_backend_pid() AS pid');
    const before = await one.query(pid);
    const own = new Error('changed my mind');
    await expect(
      one.transaction(async (tx) => {
        await tx.execute(insert, [1, 10]);
        throw own;
      }),
    ).rejects.toBe(own);
    expect(await one.query(amounts)).toEqual([]);
    expect(await one.query(pid)).toEqual(before);
  });

  it('does not report success when the work hid an error', async () => {
    await fresh(1);
    const hiding = db.transaction(async (tx) => {
      await tx.execute(insert, [5, 5]);
      await tx.execute(insert, [0, 1]).catch(() => undefined);
    });
    await expect(hiding).rejects.toThrow(/rolled back/);
    expect(await db.query(amounts)).toEqual([{ amount: 1 }]);
  });

  it('lets no statement out after its end', async () => {
    await fresh();
    let escaped: { execute: Database['execute'] } | undefined;
    await db.transaction(async (tx) => void (escaped = tx));
    await expect(escaped?.execute(insert, [1, 1])).rejects.toThrow(/has ended/);
    expect(await db.query(amounts)).toEqual([]);
  });

  it('repeats itself after a serialization failure until it is right', async () => {
    await fresh(0);
    let attempts = 0;
    const increment = () =>
      db.transaction(
        async (tx) => {
          attempts += 1;
          const [row] = await tx.query<{ amount: number }>(amountOf, [0]);
          await tx.execute(setAmount, [0, (row?.amount ?? 0) + 1]);
        },
        { isolation: 'serializable', retry: 50 },
      );
    await Promise.all(Array.from({ length: 8 }, increment));
    expect(await db.query(amounts)).toEqual([{ amount: 8 }]);
    expect(attempts).toBeGreaterThan(8);
  });

  it('repeats itself after a deadlock', async () => {
    await fresh(0, 0);
    let both = 0;
    let meet: () => void = () => undefined;
    const met = new Promise<void>((resolve) => (meet = resolve));
    const cross = (first: number, second: number) =>
      db.transaction(async (tx) => {
        await tx.execute(add, [first, 1]);
        both += 1;
        if (both === 2) meet();
        await met;
        await tx.execute(add, [second, 1]);
      });
    await Promise.all([cross(0, 1), cross(1, 0)]);
    // The one that begins again may take its first row before the other has woken, and deadlock once more.
    expect(both).toBeGreaterThan(2);
    expect(await db.query(amounts)).toEqual([{ amount: 2 }, { amount: 2 }]);
  });

  it('passes the failure on when it may not repeat', async () => {
    await fresh(0);
    const run = () =>
      db.transaction(
        async (tx) => {
          await tx.query(amountOf, [0]);
          await new Promise((resolve) => setTimeout(resolve, 50));
          await tx.execute(add, [0, 1]);
        },
        { isolation: 'repeatable read', retry: 0 },
      );
    const results = await Promise.allSettled([run(), run()]);
    const failed = results.filter((result) => result.status === 'rejected');
    expect(failed.map((result) => sqlState(result.reason))).toEqual(['40001']);
  });

  it('reads as of one moment when told to, and then changes nothing', async () => {
    await fresh(1, 1);
    const one = server.open('kms', { max: 1 });
    const options = { isolation: 'repeatable read', readOnly: true } as const;
    const seen = await one.transaction(async (tx) => {
      const before = await tx.query(amounts);
      await db.execute(add, [0, 5]);
      return [before, await tx.query(amounts)];
    }, options);
    expect(seen[1]).toEqual(seen[0]);
    await expect(one.transaction((tx) => tx.execute(add, [0, 1]), options)).rejects.toMatchObject({
      cause: { code: '25006' },
    });
    await one.transaction((tx) => tx.execute(add, [1, 1]));
    expect(await db.query(amounts)).toEqual([{ amount: 6 }, { amount: 2 }]);
  });
});

describe('a lost connection', () => {
  it('is DatabaseUnavailable, whose outcome is unknown for a statement', async () => {
    const one = server.open('kms', { max: 1 });
    await expect(one.query(terminateMe)).rejects.toMatchObject({ name: 'DatabaseUnavailable', outcomeUnknown: true });
    await one.check();
  });

  it('rolls back inside a transaction, for certain, and spares the process', async () => {
    await fresh();
    const one = server.open('kms', { max: 1 });
    const lost = one.transaction(async (tx) => {
      await tx.execute(insert, [1, 1]);
      await tx.query(terminateMe);
    });
    await expect(lost).rejects.toMatchObject({ name: 'DatabaseUnavailable', outcomeUnknown: false });
    expect(await db.query(amounts)).toEqual([]);
  });

  it('is what a server that is not there gives', async () => {
    const nowhere = openDatabase({ url: 'postgres://x:geheim@127.0.0.1:1/x', applicationName: 'test' });
    const error: unknown = await nowhere.check().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DatabaseUnavailable);
    expect(String(error)).not.toContain('geheim');
    expect(nowhere.url).not.toContain('geheim');
    await nowhere.close();
  });

  it('is what a pool gives that has no connection left in time', async () => {
    const one = server.open('kms', { max: 1, connectTimeoutMs: 100 });
    await one.transaction(async (tx) => {
      await expect(one.check()).rejects.toBeInstanceOf(DatabaseUnavailable);
      await tx.query(amounts);
    });
    await one.check();
  });
});

describe('requireDurable', () => {
  it('accepts the embedded server as it is started', async () => {
    await requireDurable(db);
  });

  it('refuses a role for which commits do not wait', async () => {
    const url = new URL(server.urlFor('audit'));
    url.searchParams.set('options', '-c synchronous_commit=off');
    const careless = openDatabase({ url: url.href, applicationName: 'test' });
    await expect(requireDurable(careless)).rejects.toThrow(NotDurableError);
    await expect(requireDurable(careless)).rejects.toThrow(/synchronous_commit is off/);
    await careless.close();
  });
});

describe('schema', () => {
  it('overrides the search_path of the role, whatever its name', async () => {
    const odd = server.open('kms', { schema: 'od d"\\x' });
    expect(await odd.query(sql('t.path', 'SHOW search_path'))).toEqual([{ search_path: '"od d""\\x"' }]);
  });
});
