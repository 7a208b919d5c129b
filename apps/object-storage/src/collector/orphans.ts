import { blobIdTime, MAX_LIST, type BlobEntry } from '@coffer/blob-store';
import { sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Deps } from '../deps.ts';
import type { CollectOptions } from './collect.ts';
import { pace } from './pace.ts';

registerFailpoints('object-storage.collector.after-claim');

const HOUR_MS = 3_600_000;
/** Pages of ids that one round reads at most, so that the blobs of removed versions do not wait for a large blob tier. */
const MAX_PAGES = 1000;

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
const readProgress = sql(
  'collector.readProgress',
  `SELECT whole_after, over_until,
          whole_after IS NOT NULL OR whole_ended <= statement_timestamp() - $1::float8 * interval '1 millisecond' AS whole
     FROM collector_progress`,
);
const writeProgress = sql(
  'collector.writeProgress',
  'UPDATE collector_progress SET over_until = coalesce($1, over_until)',
);
const writeWholeProgress = sql(
  'collector.writeWholeProgress',
  `UPDATE collector_progress SET whole_after = $1,
          whole_ended = CASE WHEN $1::text IS NULL THEN clock_timestamp() ELSE whole_ended END`,
);

interface Progress {
  whole_after: string | null;
  over_until: string | null;
  whole: boolean;
}

/**
 * Blobs that were written but never committed. Ids begin with the hour in which they were made, and the blob tier lists
 * them in order. An hour is over once the grace time has passed twice since: whoever then still made a blob with such an id
 * has ended, and what they made is old. So a round looks at the hours that are over since the last one, at each id once.
 *
 * What that can miss, after a restore or with clocks that were wrong, is found by a search of the whole blob tier now and
 * then, which looks at everything older than the grace time. It takes as many rounds as it needs.
 */
export async function collectOrphans(deps: Deps, options: CollectOptions): Promise<number> {
  const now = Date.now();
  const isOld = (entry: BlobEntry) => entry.modified.getTime() <= now - options.graceMs;
  const isOver = (id: string) => blobIdTime(id).getTime() + HOUR_MS <= now - 2 * options.graceMs;
  const atOnce = options.wholeEveryMs === undefined;
  const [progress] = await deps.db.query<Progress>(readProgress, [options.wholeEveryMs ?? 0]);
  const whole = atOnce || progress?.whole === true;
  let after = atOnce ? null : whole ? progress?.whole_after : progress?.over_until;
  const maxPages = atOnce ? Infinity : MAX_PAGES;
  let deleted = 0;
  for (let pages = 0; pages < maxPages && !options.signal?.aborted; pages += 1) {
    const page = await deps.blobs.list({ limit: MAX_LIST, ...(after ? { after } : {}) });
    const candidates = page.filter((entry) => isOld(entry) && (whole || isOver(entry.id))).map((entry) => entry.id);
    const removed = await removeUnclaimed(deps, candidates, options);
    deleted += removed.deleted;
    // What is claimed and not deleted is taken up by the next round, which begins with this page.
    if (removed.broken) return deleted;
    const last = page.at(-1)?.id;
    const ended =
      page.length < MAX_LIST ||
      last === undefined ||
      (whole ? blobIdTime(last).getTime() > now - options.graceMs : !isOver(last));
    if (whole) await deps.db.execute(writeWholeProgress, [ended ? null : last]);
    else await deps.db.execute(writeProgress, [page.findLast((entry) => isOver(entry.id))?.id ?? null]);
    if (ended) return deleted;
    after = last;
  }
  return deleted;
}

async function removeUnclaimed(
  deps: Deps,
  ids: readonly string[],
  options: CollectOptions,
): Promise<{ deleted: number; broken: boolean }> {
  const orphans = ids.length === 0 ? [] : await deps.db.query<{ blob_id: string }>(claimOrphans, [ids]);
  failpoint('object-storage.collector.after-claim');
  let deleted = 0;
  for (const { blob_id: id } of orphans) {
    if (options.signal?.aborted) return { deleted, broken: true };
    await deps.blobs.delete(id);
    deleted += 1;
    await pace(options.pauseMs);
  }
  return { deleted, broken: false };
}
