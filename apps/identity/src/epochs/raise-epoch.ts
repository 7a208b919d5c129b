import { type Sql, sql } from '@coffer/database';

/** Changes whose accounts are remembered. */
export const KEPT_CHANGES = 1_000;

const raise = sql(
  'identity.epoch.raise',
  `WITH raised AS (
     UPDATE epochs SET epoch = epoch + 1 RETURNING epoch
   ), noted AS (
     INSERT INTO changes (epoch, account_id) SELECT epoch, $1 FROM raised
   ), pruned AS (
     DELETE FROM changes WHERE epoch <= (SELECT epoch FROM raised) - ${KEPT_CHANGES}
   )
   SELECT epoch FROM raised`,
);

/**
 * Raises the epoch for a change of the account. The last statement of a change's transaction: it holds the one row that
 * every change and every lease needs, from here to the commit.
 */
export async function raiseEpoch(tx: Sql, accountId: string): Promise<number> {
  const rows = await tx.query<{ epoch: number }>(raise, [accountId]);
  return (rows[0] as { epoch: number }).epoch;
}
