import { type Database, sql } from '@coffer/database';

const PRUNED_AT_ONCE = 1000;

const prune = sql(
  'governance.gate.pruneGrants',
  `DELETE FROM deletion_grants WHERE grant_id IN (
     SELECT grant_id FROM deletion_grants
     WHERE settled_at < statement_timestamp() - $1::float8 * interval '1 millisecond'
     LIMIT ${PRUNED_AT_ONCE} FOR UPDATE SKIP LOCKED)`,
);

/**
 * Forgets grants that were settled longer than `keepMs` ago: internal version ids never come again, so a late repetition
 * of the call would only make a grant for a version that is gone. Unsettled grants stay for ever.
 */
export async function pruneGrants(database: Database, keepMs: number): Promise<void> {
  while ((await database.execute(prune, [keepMs])) === PRUNED_AT_ONCE);
}
