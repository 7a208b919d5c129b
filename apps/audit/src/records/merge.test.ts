import type { RequestRecord } from '@coffer/contracts';
import { type Database, migrate, sql } from '@coffer/database';
import { type TestPostgres, testPostgres } from '@coffer/testing';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrations } from '../migrations/index.ts';
import { Partitions } from '../partitions/partitions.ts';
import { newRecord, newRequestId } from '../testkit/records.ts';
import { mergeRecords } from './merge.ts';
import { dayOf } from './request-id.ts';
import { toRow } from './storable.ts';
import { upsertDraftRecords, upsertRecords } from './upsert-records.ts';

const time = Date.now();
const requestId = newRequestId(time);
const part = (changes: Partial<RequestRecord>): RequestRecord => {
  return {
    requestId,
    phase: 'closed',
    time,
    gateway: 'g',
    region: 'r',
    api: 's3',
    operation: 'GetObject',
    method: 'GET',
    uri: '/',
    ...changes,
  };
};

describe('mergeRecords', () => {
  test('a later phase wins, an earlier one fills what is missing, in whichever order they come', () => {
    const draft = part({ phase: 'draft', status: 200, versionId: 'v1', objectSize: 5 });
    const closed = part({ phase: 'closed', status: 503, errorCode: 'SlowDown', totalMs: 9 });
    const expected = { ...closed, versionId: 'v1', objectSize: 5 };
    expect(mergeRecords(draft, closed)).toEqual(expected);
    expect(mergeRecords(closed, draft)).toEqual(expected);
  });

  test('a genuine closing takes back what was closed as interrupted', () => {
    const swept = part({ interrupted: true });
    expect(mergeRecords(swept, part({ bytesSent: 7 }))).toEqual(part({ bytesSent: 7 }));
    expect(mergeRecords(part({ phase: 'open' }), part({ interrupted: true })).interrupted).toBe(true);
    expect(mergeRecords(swept, part({ phase: 'draft' })).interrupted).toBe(true);
  });
});

describe('the statement merges as mergeRecords does', () => {
  let postgres: TestPostgres;
  let database: Database;
  const read = sql('test.audit.merged', 'SELECT phase, source, data FROM records WHERE request_id = $1');

  beforeAll(async () => {
    postgres = await testPostgres('merge');
    database = postgres.open('audit');
    await migrate(database, { schema: 'audit', migrations });
    await new Partitions(database).ensureAhead(time);
  });
  afterAll(async () => {
    await postgres.close();
  });

  const change = fc.record(
    {
      phase: fc.constantFrom('draft' as const, 'open' as const, 'closed' as const, 'corrected' as const),
      status: fc.integer({ min: 100, max: 599 }),
      versionId: fc.string({ maxLength: 5 }),
      bytesSent: fc.nat(),
      interrupted: fc.boolean(),
      details: fc.dictionary(fc.string({ maxLength: 3 }), fc.string({ maxLength: 3 }), { maxKeys: 2 }),
    },
    { requiredKeys: ['phase'] },
  );

  test('for any parts in any order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), async (changes) => {
        const id = newRequestId(time);
        // NUL and half pairs are replaced on the way in; what replaces them is the same on both sides.
        const parts = changes.map(
          (each) => JSON.parse(clean(JSON.stringify(part({ ...each, requestId: id })))) as RequestRecord,
        );
        for (const each of parts) await upsertRecords(database, [toRow(each, dayOf(time))]);
        const { requestId: _id, phase, ...data } = parts.reduce(mergeRecords);
        expect(await database.query(read, [id])).toEqual([{ phase, source: 'gateway', data }]);
      }),
      { numRuns: 60 },
    );
  });

  test('a draft that adds something is merged; one that adds nothing does not touch the row', async () => {
    const id = newRequestId(time);
    const closed = newRecord({ requestId: id, time });
    await upsertRecords(database, [toRow(closed, dayOf(time))]);
    const nothingNew = toRow({ ...closed, phase: 'draft', status: 500 }, dayOf(time));
    expect(await upsertDraftRecords(database, [nothingNew])).toBe(0);
    const more = toRow({ ...closed, phase: 'draft', status: 500, details: { rows: '3' } }, dayOf(time));
    expect(await upsertDraftRecords(database, [more])).toBe(1);
    const [row] = await database.query<{ source: string; data: RequestRecord }>(read, [id]);
    expect(row).toMatchObject({ source: 'gateway', data: { status: 200, details: { rows: '3' } } });
  });

  test('a repeated part does not touch the row', async () => {
    const row = toRow(newRecord({ time }), dayOf(time));
    expect(await upsertRecords(database, [row])).toBe(1);
    expect(await upsertRecords(database, [row])).toBe(0);
  });
});

function clean(json: string): string {
  return json.replaceAll('\\u0000', '0').replaceAll(/\\ud[89a-f][0-9a-f]{2}/g, '?');
}
