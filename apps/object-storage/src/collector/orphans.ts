import { blobIdTime, MAX_LIST } from '@coffer/blob-store';
import { sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Deps } from '../deps.ts';
import type { CollectOptions } from './collect.ts';
import { pace } from './pace.ts';

registerFailpoints('object-storage.collector.after-claim');

// The same unique key as a commit's claim: one of the two fails. A claim left by a collector that crashed before it
// deleted is taken up again.
const claimOrphans = sql(
  'collector.claimOrphans',
  `WITH claimed AS (
     INSERT INTO blob_claims (blob_id, state) SELECT r, 'collected' FROM unnest($1::text[]) AS r
     ON CONFLICT DO NOTHING RETURNING blob_id)
   SELECT blob_id FROM claimed
   UNION ALL SELECT c.blob_id FROM blob_claims c WHERE c.blob_id = ANY ($1::text[]) AND c.state = 'collected'`,
);
const readProgress = sql('collector.readProgress', 'SELECT after_blob_id FROM collector_progress');
const writeProgress = sql('collector.writeProgress', 'UPDATE collector_progress SET after_blob_id = $1');

/**
 * Blobs that were written but never committed: the whole blob tier is read in the order of ids, a page at a time, and
 * what is older than the grace time and has no claim is claimed and deleted. Ids begin with the hour in which they were
 * made, so the first page that ends with too young a one ends the round.
 */
export async function collectOrphans(deps: Deps, options: CollectOptions): Promise<number> {
  const before = Date.now() - options.graceMs;
  let deleted = 0;
  const [progress] = await deps.db.query<{ after_blob_id: string | null }>(readProgress);
  let after = progress?.after_blob_id ?? undefined;
  while (!options.signal?.aborted) {
    const page = await deps.blobs.list({ limit: MAX_LIST, ...(after === undefined ? {} : { after }) });
    const old = page.filter((entry) => entry.modified.getTime() <= before).map((entry) => entry.id);
    const orphans = old.length === 0 ? [] : await deps.db.query<{ blob_id: string }>(claimOrphans, [old]);
    failpoint('object-storage.collector.after-claim');
    for (const { blob_id: id } of orphans) {
      // What is claimed and not deleted is taken up by the next round, which begins with this page.
      if (options.signal?.aborted) return deleted;
      await deps.blobs.delete(id);
      deleted += 1;
      await pace(options.pauseMs);
    }
    const last = page.at(-1)?.id;
    const finished = page.length < MAX_LIST || last === undefined || blobIdTime(last).getTime() > before;
    // The next round begins at the first blob again.
    after = finished ? undefined : last;
    await deps.db.execute(writeProgress, [after ?? null]);
    if (finished) return deleted;
  }
  return deleted;
}
