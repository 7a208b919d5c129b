import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { deleteDoomed } from './doomed.ts';
import { collectOrphans } from './orphans.ts';

export interface CollectOptions {
  /** Milliseconds that a blob nobody refers to is left alone. */
  graceMs: number;
  /** Milliseconds between two deletions, so that readers of the blob tier do not suffer. */
  pauseMs?: number;
}

export interface Collected {
  doomed: number;
  orphans: number;
}

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
 * One round: deletes the blobs of versions that are gone, then blobs that never became part of a version, then what is
 * remembered for a time only. Every step can be broken off and done again; several collectors at once do no harm, they
 * only do the work twice.
 */
export async function collect(deps: Deps, options: CollectOptions): Promise<Collected> {
  const doomed = await deleteDoomed(deps, options);
  const orphans = await collectOrphans(deps, options);
  await deps.db.execute(pruneCompleted);
  // By then no request that could still want to claim the blob can be alive, whatever the grace time.
  await deps.db.execute(pruneTombstones, [options.graceMs + DAY_MS]);
  await deps.outbox.prune();
  return { doomed, orphans };
}
