import { type Sql, sql } from '@coffer/database';
import type { Row } from './storable.ts';

/**
 * mergeRecords() in SQL. `records` is what is stored, `excluded` what comes. A part that changes nothing touches
 * nothing; `source` tells whether any part came from a gateway.
 */
const MERGED = `
  CASE WHEN excluded.phase >= records.phase
    THEN CASE WHEN excluded.phase >= 'closed' THEN records.data - 'interrupted' ELSE records.data END || excluded.data
    ELSE CASE WHEN records.phase >= 'closed' THEN excluded.data - 'interrupted' ELSE excluded.data END || records.data
  END`;
const ON_CONFLICT = `
  ON CONFLICT (request_id, day) DO UPDATE SET
    phase = greatest(records.phase, excluded.phase),
    source = least(records.source, excluded.source),
    data = ${MERGED}
  WHERE records.phase < excluded.phase OR records.source > excluded.source OR records.data IS DISTINCT FROM ${MERGED}`;

/** The whole batch as one JSON text: cheaper to send and to read than an array of thousands of escaped texts. */
const INCOMING = `
  SELECT e->>'id' AS request_id, (e->>'day')::date AS day, (e->>'phase')::record_phase AS phase, e->'data' AS data
  FROM jsonb_array_elements($1::jsonb) AS e`;

const upsert = sql(
  'audit.records.upsert',
  `INSERT INTO records (request_id, day, phase, source, data)
   SELECT request_id, day, phase, 'gateway', data FROM (${INCOMING}) AS incoming ${ON_CONFLICT}`,
);

/**
 * For drafts, whose records are nearly always whole already: those that could add nothing are left out before they
 * would lock a row. The subquery is scalar so that it stays one look into one partition's index for each draft.
 */
const upsertDrafts = sql(
  'audit.records.upsertDrafts',
  `INSERT INTO records (request_id, day, phase, source, data)
   SELECT request_id, day, phase, 'drained', data FROM (${INCOMING}) AS incoming
   WHERE NOT coalesce((
     SELECT r.source = 'gateway' AND r.phase >= 'closed' AND r.data ?& ARRAY(SELECT jsonb_object_keys(incoming.data))
     FROM records r WHERE r.request_id = incoming.request_id AND r.day = incoming.day), false)
   ${ON_CONFLICT}`,
);

/** Merges rows into the table, at most one row per request id. The days' partitions must be there. */
export function upsertRecords(tx: Sql, rows: readonly Row[]): Promise<number> {
  return tx.execute(upsert, [asJson(rows)]);
}

/** As upsertRecords, for drafts that came from an owner's outbox. */
export function upsertDraftRecords(tx: Sql, rows: readonly Row[]): Promise<number> {
  return tx.execute(upsertDrafts, [asJson(rows)]);
}

/** Sorted, so that two batches that meet in the same rows lock them in the same order. */
function asJson(rows: readonly Row[]): string {
  const sorted = [...rows].sort((a, b) => (a.requestId < b.requestId ? -1 : 1));
  // Ids, days and phases need no escaping: they were checked against their patterns.
  const parts = sorted.map((row) => {
    return `{"id":"${row.requestId}","day":"${row.day}","phase":"${row.phase}","data":${row.data}}`;
  });
  return `[${parts.join(',')}]`;
}
