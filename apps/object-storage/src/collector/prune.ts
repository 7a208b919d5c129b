import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';

const DAY_MS = 86_400_000;

const pruneCompleted = sql(
  'collector.pruneCompleted',
  `DELETE FROM completed_uploads WHERE completed_at < statement_timestamp() - interval '1 day'`,
);
const pruneTombstones = sql(
  'collector.pruneTombstones',
  `DELETE FROM blob_claims WHERE state = 'collected' AND state <> 'live' AND since < statement_timestamp() - $1::float8 * interval '1 millisecond'`,
);

/**
 * Forgets what is remembered for a time only. Apart from the collection of blobs, which may take hours or fail for want
 * of the blob tier, while replies gather at the pace of the requests.
 */
export async function prune(deps: Deps): Promise<void> {
  await deps.outbox.prune();
  await deps.db.execute(pruneCompleted);
  // By then no request that could still want to claim the blob can be alive, whatever the grace time.
  await deps.db.execute(pruneTombstones, [deps.config.blobGraceMs + DAY_MS]);
}
