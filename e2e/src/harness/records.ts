import { asAdministrator } from '../faults/database.ts';

export interface RecordRow {
  readonly request_id: string;
  readonly phase: string;
  readonly operation: string;
  readonly status: number | null;
  readonly error_code: string | null;
  readonly data: Record<string, unknown>;
}

const COLUMNS = 'request_id, phase::text, operation, status, error_code, data';

/** The records with these request ids. */
export function recordsWithIds(dataFolder: string, ids: readonly string[]): Promise<RecordRow[]> {
  return asAdministrator(dataFolder, async (database) => {
    const { rows } = await database.query<RecordRow>(
      `SELECT ${COLUMNS} FROM audit.records WHERE request_id = ANY ($1)`,
      [ids],
    );
    return rows;
  });
}

/** The records of requests that named a key of this bucket. */
export function recordsOfBucket(dataFolder: string, bucket: string): Promise<RecordRow[]> {
  return asAdministrator(dataFolder, async (database) => {
    const { rows } = await database.query<RecordRow>(`SELECT ${COLUMNS} FROM audit.records WHERE bucket = $1`, [
      bucket,
    ]);
    return rows;
  });
}

/** How many requests were counted as unrecorded, by reason, over the whole life of the stack. */
export function gapCounts(dataFolder: string): Promise<Record<string, number>> {
  return asAdministrator(dataFolder, async (database) => {
    const { rows } = await database.query<{ reason: string; count: number }>(
      'SELECT key AS reason, sum(value::int)::int AS count FROM audit.gaps, jsonb_each_text(counts) GROUP BY key',
    );
    return Object.fromEntries(rows.map(({ reason, count }) => [reason, count]));
  });
}
