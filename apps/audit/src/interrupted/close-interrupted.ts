import { type Database, sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';

registerFailpoints('audit.closeInterrupted.committed');

const CLOSED_AT_ONCE = 1000;

const close = sql(
  'audit.records.closeInterrupted',
  `UPDATE records r SET phase = 'closed', data = r.data || '{"interrupted": true}'
   FROM (
     SELECT request_id, day FROM records
     WHERE phase = 'open' AND time < statement_timestamp() - $1::float8 * interval '1 millisecond'
     ORDER BY time LIMIT ${CLOSED_AT_ONCE} FOR UPDATE SKIP LOCKED
   ) AS lost
   WHERE r.request_id = lost.request_id AND r.day = lost.day`,
);

/**
 * Closes as interrupted every read whose closing record never came, once no request can still be under way that long.
 * Should the closing come after all, it wins (see mergeRecords).
 * @param longestRequestMs the longest that a request may take, in milliseconds.
 * @returns how many were closed.
 */
export async function closeInterrupted(database: Database, longestRequestMs: number): Promise<number> {
  let closed = 0;
  for (;;) {
    const count = await database.execute(close, [longestRequestMs]);
    if (count > 0) failpoint('audit.closeInterrupted.committed');
    closed += count;
    if (count < CLOSED_AT_ONCE) return closed;
  }
}
