import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database, Migration } from './index.ts';
import { DatabaseUnavailable, migrate, MigrationMismatchError, openDatabase, SchemaTooNewError, sql } from './index.ts';
import type { TestServer } from './testkit/server.ts';
import { testServer } from './testkit/server.ts';

let server: TestServer;
let db: Database;

beforeAll(async () => {
  server = await testServer();
  db = server.open('identity', { max: 20 });
});
afterAll(() => server.stop());
beforeEach(async () => {
  await db.execute(sql('m.dropA', 'DROP TABLE IF EXISTS a, b, schema_migrations'));
});

const one: Migration = { id: 1, name: 'a', sql: 'CREATE TABLE a (x int);\nINSERT INTO a VALUES (1);' };
const two: Migration = { id: 2, name: 'b', sql: 'CREATE TABLE b (x int); INSERT INTO a VALUES (2)' };
const rows = sql('m.rows', 'SELECT x FROM a ORDER BY x');
const applied = sql('m.applied', 'SELECT id, name, breaking FROM schema_migrations ORDER BY id');

const run = (...migrations: Migration[]) => migrate(db, { schema: 'identity', migrations });

describe('migrate', () => {
  it('applies what is missing, once, in order', async () => {
    await run(one);
    await run(one, two);
    await run(one, two);
    expect(await db.query(rows)).toEqual([{ x: 1 }, { x: 2 }]);
    expect(await db.query(applied)).toEqual([
      { id: 1, name: 'a', breaking: false },
      { id: 2, name: 'b', breaking: false },
    ]);
  });

  it('lets replicas that start together apply each step once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => run(one, two)));
    expect(await db.query(rows)).toEqual([{ x: 1 }, { x: 2 }]);
  });

  it('works on a newer schema, unless that is breaking', async () => {
    await run(one, two);
    await run(one);
    await run(one, two, { id: 3, name: 'drop', sql: 'DROP TABLE b', breaking: true });
    await expect(run(one, two)).rejects.toThrow(SchemaTooNewError);
    await expect(run(one)).rejects.toThrow(/migration 3, drop/);
  });

  it('refuses a step that was applied with another text, but not other line ends', async () => {
    await run(one);
    await run({ ...one, sql: one.sql.replaceAll('\n', '\r\n') });
    await expect(run({ ...one, sql: 'CREATE TABLE a (y int)' })).rejects.toThrow(MigrationMismatchError);
  });

  it('refuses numbers with a gap', async () => {
    await expect(run(one, { ...two, id: 3 })).rejects.toThrow(MigrationMismatchError);
    await expect(run(two)).rejects.toThrow(MigrationMismatchError);
  });

  it('leaves nothing of a step that fails, and all of the steps before it', async () => {
    await expect(run(one, { id: 2, name: 'bad', sql: 'CREATE TABLE b (x int); SELECT nonsense' })).rejects.toThrow(
      /nonsense/,
    );
    expect(await db.query(applied)).toEqual([{ id: 1, name: 'a', breaking: false }]);
    await run(one, two);
    expect(await db.query(rows)).toEqual([{ x: 1 }, { x: 2 }]);
  });

  it('says when the schema is not there or the server is not', async () => {
    await expect(migrate(db, { schema: 'nowhere', migrations: [one] })).rejects.toThrow(/provision/);
    const nowhere = openDatabase({ url: 'postgres://x@127.0.0.1:1/x', applicationName: 'test' });
    await expect(migrate(nowhere, { schema: 'identity', migrations: [one] })).rejects.toThrow(DatabaseUnavailable);
    await nowhere.close();
  });
});
