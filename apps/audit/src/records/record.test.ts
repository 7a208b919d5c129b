import { audit as contracts, isFault, status } from '@coffer/contracts';
import { type Database, sql } from '@coffer/database';
import { type TestPostgres, testPostgres } from '@coffer/testing';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newRecord, newRequestId } from '../testkit/records.ts';
import { startAudit, type TestAudit } from '../testkit/start-audit.ts';

const DAY_MS = 86_400_000;

let postgres: TestPostgres;
let database: Database;
let audit: TestAudit;

beforeAll(async () => {
  postgres = await testPostgres('record');
  database = postgres.open('audit');
  audit = await startAudit(postgres.urlFor('audit'));
});
afterAll(async () => {
  await audit.service.stop();
  await postgres.close();
});

const send = (record: ReturnType<typeof newRecord>) => audit.client('gateway').call(contracts.record, record);
const find = async (query: object) =>
  (await audit.client('operator').call(contracts.findRecords, { limit: 1000, ...query })).records;

describe('record', () => {
  test('what was sent is found by its id', async () => {
    const record = newRecord();
    await send(record);
    expect(await find({ requestIds: [record.requestId] })).toEqual([{ ...record, source: 'gateway' }]);
  });

  test('the columns that are searched hold what the record holds', async () => {
    const record = newRecord({ status: 403, errorCode: 'AccessDenied' });
    await send(record);
    const [row] = await database.query(sql('test.audit.columns', 'SELECT * FROM records WHERE request_id = $1'), [
      record.requestId,
    ]);
    expect(row).toMatchObject({
      day: new Date(record.time).toISOString().slice(0, 10),
      time: new Date(record.time),
      phase: 'closed',
      source: 'gateway',
      bucket: 'photos',
      operation: 'PutObject',
      status: 403,
      error_code: 'AccessDenied',
      requester_account: '123456789012',
      requester_arn: 'arn:aws:iam::123456789012:user/ann',
    });
  });

  test('parts of one request that come in one batch or one after the other become one record', async () => {
    const together = newRecord({ phase: 'open', bytesSent: 0 });
    await Promise.all([
      send(together),
      send({ ...together, phase: 'closed', bytesSent: 9 }),
      send({ ...together, phase: 'closed', bytesSent: 9 }),
    ]);
    expect(await find({ requestIds: [together.requestId] })).toMatchObject([{ phase: 'closed', bytesSent: 9 }]);

    const apart = newRecord();
    await send(apart);
    await send(apart);
    await send({ ...apart, phase: 'open', status: 500 });
    expect(await find({ requestIds: [apart.requestId] })).toEqual([{ ...apart, source: 'gateway' }]);
  });

  test('many at once from several callers lose none', async () => {
    const records = Array.from({ length: 600 }, () => newRecord({ bucket: 'busy' }));
    await Promise.all(records.flatMap((record) => [send(record), send({ ...record, phase: 'open' })]));
    const found = await find({ bucket: 'busy' });
    expect(new Set(found.map((each) => each.requestId))).toEqual(new Set(records.map((each) => each.requestId)));
    expect(found).toHaveLength(600);
    expect(found.every((each) => each.phase === 'closed')).toBe(true);
  });

  test('one that cannot be stored does not hold up the others of its batch', async () => {
    const good = Array.from({ length: 5 }, () => newRecord());
    const future = newRecord({ requestId: newRequestId(Date.now() + 2 * DAY_MS + 60_000) });
    const past = newRecord({ requestId: newRequestId(Date.now() - 500 * DAY_MS) });
    const tooLarge = newRecord({ status: 2 ** 40 });
    const results = await Promise.allSettled([...good, future, past, tooLarge].map(send));
    expect(results.slice(0, 5).map((each) => each.status)).toEqual(Array.from({ length: 5 }, () => 'fulfilled'));
    for (const result of results.slice(5)) {
      expect(result.status === 'rejected' && isFault(result.reason, 'InvalidMessage')).toBe(true);
    }
    expect(await find({ requestIds: good.map((each) => each.requestId) })).toHaveLength(5);
    expect(await find({ requestIds: [future.requestId, past.requestId, tooLarge.requestId] })).toHaveLength(0);
  });

  test('an id that lies within two days from now is taken, and so is a late one', async () => {
    for (const offset of [2 * DAY_MS - 60_000, -30 * DAY_MS]) {
      const time = Date.now() + offset;
      const record = newRecord({ time });
      await send(record);
      expect(await find({ requestIds: [record.requestId] })).toHaveLength(1);
    }
  });

  test('keys with NUL, half surrogate pairs and backslashes are recorded', async () => {
    const record = newRecord({
      key: 'nul \0 half \ud800 pair \u{1F512} \\u0000 \\ud800',
      details: { 'na\0me': 'va\0lue' },
    });
    await send(record);
    expect(await find({ requestIds: [record.requestId] })).toMatchObject([
      { key: 'nul \u2400 half \ufffd pair \u{1F512} \\u0000 \\ud800', details: { 'na\u2400me': 'va\u2400lue' } },
    ]);
  });

  test('what stands in place of a bucket may be longer than an index can hold', async () => {
    const bucket = randomBytes(3000).toString('base64url');
    const records = Array.from({ length: 20 }, (_, n) => newRecord(n === 7 ? { bucket } : {}));
    await Promise.all(records.map(send));
    const found = await find({ requestIds: records.map((each) => each.requestId) });
    expect(found).toHaveLength(20);
    expect(found.map((each) => each.bucket)).toContain(bucket.slice(0, 255));
  });

  test('a record with a thousand children is stored whole', async () => {
    const children = Array.from({ length: 1000 }, (_, n) => ({
      operation: 'DeleteObject',
      key: `${n}`.padStart(1024, 'k'),
      status: 204,
    }));
    const record = newRecord({ operation: 'DeleteObjects', children });
    await send(record);
    expect((await find({ requestIds: [record.requestId] }))[0]?.children).toEqual(children);
  });
});

describe('findRecords', () => {
  test('gives the newest first, bounded by time, bucket and limit', async () => {
    const base = Date.now() - 40 * DAY_MS;
    const records = [0, 1000, DAY_MS, 2 * DAY_MS].map((offset) => newRecord({ time: base + offset, bucket: 'timed' }));
    await Promise.all(records.map(send));
    await send(newRecord({ time: base + 500, bucket: 'other' }));
    const ids = async (query: object) =>
      (await find(query)).map((each) => records.findIndex((record) => record.requestId === each.requestId));
    expect(await ids({ bucket: 'timed' })).toEqual([3, 2, 1, 0]);
    expect(await ids({ bucket: 'timed', limit: 2 })).toEqual([3, 2]);
    expect(await ids({ bucket: 'timed', from: base + 1000, to: base + DAY_MS })).toEqual([2, 1]);
    expect(await ids({ from: base, to: base + 1000 })).toEqual([1, -1, 0]);
    expect(await ids({ requestIds: records.map((each) => each.requestId), bucket: 'timed', to: base })).toEqual([0]);
    expect(await ids({ requestIds: [records[1]?.requestId as string], bucket: 'other' })).toEqual([]);
    expect(await ids({ requestIds: ['no request id'] })).toEqual([]);
  });

  test('is for the operator alone', async () => {
    await expect(audit.client('gateway').call(contracts.findRecords, { limit: 1 })).rejects.toThrow();
  });
});

describe('recordGap', () => {
  test('counts a gap once, however often it is sent', async () => {
    const gap = {
      gapId: 'gap-1',
      gateway: 'gateway-1',
      from: 1_700_000_000_000,
      to: 1_700_000_060_000,
      counts: { overload: 3 },
    };
    await audit.client('gateway').call(contracts.recordGap, gap);
    await audit.client('gateway').call(contracts.recordGap, { ...gap, counts: { overload: 99 } });
    expect(
      await database.query(sql('test.audit.gaps', 'SELECT gap_id, gateway, from_time, to_time, counts FROM gaps')),
    ).toEqual([
      {
        gap_id: 'gap-1',
        gateway: 'gateway-1',
        from_time: new Date(gap.from),
        to_time: new Date(gap.to),
        counts: { overload: 3 },
      },
    ]);
  });
});

test('status tells of the database and the background work', async () => {
  const answer = await audit.client('operator').call(status.audit, {});
  expect(answer.checks['database']).toBe('ok');
  expect(Object.keys(answer.checks)).toContain('partitions');
});
