import { type Database, migrate, sql } from '@coffer/database';
import { type TestPostgres, testPostgres } from '@coffer/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrations } from '../migrations/index.ts';
import { toRow } from '../records/storable.ts';
import { upsertRecords } from '../records/upsert-records.ts';
import { newRecord } from '../testkit/records.ts';
import { Partitions } from './partitions.ts';

let postgres: TestPostgres;
let database: Database;

beforeAll(async () => {
  postgres = await testPostgres('partitions');
  database = postgres.open('audit');
  await migrate(database, { schema: 'audit', migrations });
});
afterAll(async () => {
  await postgres.close();
});

const names = async () => {
  const list = sql(
    'test.audit.partitions',
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'records'::regclass ORDER BY 1`,
  );
  return (await database.query<{ name: string }>(list)).map((row) => row.name);
};

describe('partitions', () => {
  test('today and two days ahead are made, across the end of a month and a year', async () => {
    await new Partitions(database).ensureAhead(Date.UTC(2027, 11, 30, 23, 59));
    expect(await names()).toEqual(['records_20271230', 'records_20271231', 'records_20280101']);
  });

  test('many who need the same days at once all get them, once', async () => {
    const before = (await names()).length;
    const days = ['2026-02-27', '2026-02-28', '2026-03-01'];
    const replicas = Array.from({ length: 3 }, () => new Partitions(database));
    await Promise.all(replicas.flatMap((each) => [each.ensure(days), each.ensure(days.toReversed())]));
    expect((await names()).length).toBe(before + 3);
  });

  test('a new day does not wait for a statement that uses the table', async () => {
    await database.transaction(async (tx) => {
      await tx.query(sql('test.audit.longRead', 'SELECT count(*) FROM records'));
      await new Partitions(database).ensure(['2026-05-05']);
    });
    expect(await names()).toContain('records_20260505');
  });

  test('a partition checks its day and has the indexes of the table', async () => {
    await new Partitions(database).ensure(['2026-06-06']);
    await upsertRecords(database, [toRow(newRecord(), '2026-06-06')]);
    await expect(upsertRecords(database, [toRow(newRecord(), '2026-06-07')])).rejects.toThrow('no partition');
    const indexes = sql('test.audit.indexes', `SELECT FROM pg_index WHERE indrelid = 'records_20260606'::regclass`);
    expect(await database.query(indexes)).toHaveLength(3);
  });

  test('only days name partitions', async () => {
    await expect(new Partitions(database).ensure(['2026-06-06; DROP TABLE records'])).rejects.toThrow('named by a day');
  });
});
