import type { identity, ReplyOf, RequestOf } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { LEASE_MS } from './lease-watch.ts';

type Contract = typeof identity.lease;

/** Longest list of changed accounts in a reply; above it the gateway drops everything. */
const MAX_LISTED = 1_000;
const NO_EPOCH = -1;

/**
 * The gateway names the newest epoch it has: it trusts nothing older any more, so its older leases go. A lease under a
 * new epoch does not replace the one before by itself, since the reply that carries it may be late or lost.
 *
 * FOR SHARE is what keeps a lease and a change apart: a lease reads the epoch before the change has the row, and then
 * the change's wait sees that lease; or it waits for the change to commit, and reads the new epoch.
 * The commit need not reach the disk, since leases do not survive a crash anyway.
 */
const renew = sql(
  'identity.lease.renew',
  `WITH superseded AS (
     DELETE FROM leases WHERE gateway = $1 AND epoch < LEAST($2::bigint, (SELECT epoch FROM epochs))
   )
   INSERT INTO leases AS l (gateway, epoch, renewed_at)
   SELECT $1, e.epoch, clock_timestamp() FROM epochs e
    WHERE set_config('synchronous_commit', 'off', true) IS NOT NULL
    FOR SHARE OF e
   ON CONFLICT (gateway, epoch) DO UPDATE SET renewed_at = GREATEST(l.renewed_at, EXCLUDED.renewed_at)
   RETURNING epoch`,
);
const changesBetween = sql('identity.lease.changes', 'SELECT account_id FROM changes WHERE epoch > $1 AND epoch <= $2');

/** Renews the lease of a gateway. The contract says what it is worth. */
export async function lease(deps: Deps, message: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
  const rows = await deps.database.query<{ epoch: number }>(renew, [message.gateway, message.epoch ?? NO_EPOCH]);
  const epoch = (rows[0] as { epoch: number }).epoch;
  deps.leases.wake();
  const changedAccounts = await changedSince(deps, message.epoch, epoch);
  return { epoch, leaseMs: LEASE_MS, ...(changedAccounts === undefined ? {} : { changedAccounts }) };
}

/** Undefined when the list would not be complete. */
async function changedSince(deps: Deps, known: number | undefined, epoch: number): Promise<string[] | undefined> {
  if (known === undefined || known > epoch) return undefined;
  const count = epoch - known;
  if (count === 0) return [];
  if (count > MAX_LISTED) return undefined;
  const rows = await deps.database.query<{ account_id: string }>(changesBetween, [known, epoch]);
  return rows.length < count ? undefined : [...new Set(rows.map((row) => row.account_id))];
}
