import type { audit, ReplyOf, RequestOf, RequestRecord, StoredRecord } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { dayOf, firstRequestIdAt, lastRequestIdAt, timeOfRequestId } from './request-id.ts';

type Contract = typeof audit.findRecords;

interface StoredRow {
  request_id: string;
  phase: RequestRecord['phase'];
  source: StoredRecord['source'];
  data: Omit<RequestRecord, 'requestId' | 'phase'>;
}

const COLUMNS = 'request_id, phase, source, data';
/** $1 and $2: days, which choose the partitions; $3 and $4: request ids; $5: how many. */
const RANGE = 'day BETWEEN $1::date AND $2::date AND request_id BETWEEN $3 AND $4';
const NEWEST = 'ORDER BY request_id DESC LIMIT $5';

const byIds = sql(
  'audit.records.findByIds',
  `SELECT ${COLUMNS} FROM records
   WHERE ${RANGE} AND day = ANY ($6::date[]) AND request_id = ANY ($7::text[])
     AND ($8::text IS NULL OR bucket = $8) ${NEWEST}`,
);
const byBucket = sql(
  'audit.records.findByBucket',
  `SELECT ${COLUMNS} FROM records WHERE ${RANGE} AND bucket = $6 ${NEWEST}`,
);
const newest = sql('audit.records.findNewest', `SELECT ${COLUMNS} FROM records WHERE ${RANGE} ${NEWEST}`);

/** Days outside of this cannot be asked for; years beyond four digits have another form. */
const EARLIEST = 0;
const LATEST = Date.UTC(9999, 0, 1);

/**
 * The newest records, newest first, of the given ids or bucket. `from` and `to` bound the time inside the request id,
 * which the gateway takes when a request's head arrives.
 */
export async function findRecords(deps: Deps, message: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
  const from = clamp(message.from ?? EARLIEST);
  const to = clamp(message.to ?? LATEST);
  const range = [dayOf(from), dayOf(to), firstRequestIdAt(from), lastRequestIdAt(to), message.limit];
  const { requestIds, bucket } = message;
  let rows: StoredRow[];
  if (requestIds !== undefined) {
    const days = new Set(
      requestIds
        .map(timeOfRequestId)
        .filter((time) => time !== undefined)
        .map((time) => dayOf(clamp(time))),
    );
    rows = await deps.database.query<StoredRow>(byIds, [...range, [...days], requestIds, bucket ?? null]);
  } else if (bucket !== undefined) {
    rows = await deps.database.query<StoredRow>(byBucket, [...range, bucket]);
  } else {
    rows = await deps.database.query<StoredRow>(newest, range);
  }
  return { records: rows.map(toStoredRecord) };
}

function toStoredRecord(row: StoredRow): StoredRecord {
  return { ...row.data, requestId: row.request_id, phase: row.phase, source: row.source };
}

function clamp(time: number): number {
  return Math.min(Math.max(time, EARLIEST), LATEST);
}
