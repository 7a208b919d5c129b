import { setTimeout as pause } from 'node:timers/promises';
import { asAdministrator } from './database.ts';
import type { Received } from './journal.ts';

/** How many records there are of each request id. */
export type RecordCounts = ReadonlyMap<string, number>;

/** A refusal because no record can be written is itself not recorded, but counted as a gap. */
const UNRECORDED = 503;

/** Every request id that a client received has exactly one record; two clients never receive the same. */
export function checkRecords(received: readonly Received[], counts: RecordCounts): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const { requestId, status, what } of received) {
    if (seen.has(requestId)) problems.push(`request id ${requestId} was given twice, to ${what}`);
    seen.add(requestId);
    const count = counts.get(requestId) ?? 0;
    if (count > 1 || (count === 0 && status !== UNRECORDED)) {
      problems.push(`${count} records of request ${requestId} (${what}, answered ${status})`);
    }
  }
  return problems;
}

const AT_ONCE = 10_000;

export async function countRecords(dataFolder: string, received: readonly Received[]): Promise<RecordCounts> {
  const counts = new Map<string, number>();
  await asAdministrator(dataFolder, async (client) => {
    for (let from = 0; from < received.length; from += AT_ONCE) {
      const ids = received.slice(from, from + AT_ONCE).map(({ requestId }) => requestId);
      const { rows } = await client.query<{ request_id: string; count: number }>(
        'SELECT request_id, count(*)::int AS count FROM audit.records WHERE request_id = ANY ($1) GROUP BY 1',
        [ids],
      );
      for (const row of rows) counts.set(row.request_id, row.count);
    }
  });
  return counts;
}

/** Checks the records, waiting for those that audit has yet to fetch. */
export async function checkRecordsWithin(
  dataFolder: string,
  received: readonly Received[],
  withinMs: number,
): Promise<string[]> {
  for (const until = Date.now() + withinMs; ; await pause(250)) {
    const problems = checkRecords(received, await countRecords(dataFolder, received));
    if (problems.length === 0 || Date.now() > until) return problems;
  }
}
