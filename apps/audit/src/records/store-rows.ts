import { sqlState } from '@coffer/database';
import type { Row } from './storable.ts';

/**
 * Writes rows with one statement. When the database refuses the values of one of them, each is written by itself, so
 * that only that one is left out.
 * @returns the request ids of the rows that cannot be stored.
 * @throws what the database throws for any other reason; some of the rows may be stored then.
 */
export async function storeRows(
  rows: readonly Row[],
  write: (rows: readonly Row[]) => Promise<unknown>,
): Promise<Set<string>> {
  const refused = new Set<string>();
  if (rows.length === 0) return refused;
  try {
    await write(rows);
  } catch (error) {
    if (!isDataError(error)) throw error;
    if (rows.length === 1) return refused.add((rows[0] as Row).requestId);
    for (const row of rows) for (const requestId of await storeRows([row], write)) refused.add(requestId);
  }
  return refused;
}

/** Classes 22, data exception, 23, integrity constraint violation, and 54, program limit: the values are at fault. */
function isDataError(error: unknown): boolean {
  return /^(22|23|54)/.test(sqlState(error) ?? '');
}
