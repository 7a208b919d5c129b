import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import type { CollectOptions } from './collect.ts';

const AT_ONCE = 5_000;

const removed = sql('collector.removedBuckets', 'SELECT bucket_id FROM removed_buckets ORDER BY removed_at LIMIT 100');
// The blobs have waited since the bucket went.
const doomParts = sql(
  'collector.doomUploadParts',
  `WITH parts AS (
     DELETE FROM upload_parts WHERE ctid = ANY (ARRAY(SELECT ctid FROM upload_parts WHERE bucket_id = $1 LIMIT ${AT_ONCE}))
     RETURNING blob_id
   ), doomed AS (
     UPDATE blob_claims SET state = 'doomed', since = (SELECT removed_at FROM removed_buckets WHERE bucket_id = $1)
      WHERE blob_id = ANY (ARRAY(SELECT blob_id FROM parts))
   )
   SELECT count(*)::int AS count FROM parts`,
);
const dropUploads = sql(
  'collector.dropUploads',
  `DELETE FROM uploads WHERE ctid = ANY (ARRAY(SELECT ctid FROM uploads WHERE bucket_id = $1 LIMIT ${AT_ONCE}))`,
);
// Another collector may be at the rest of them.
const forget = sql(
  'collector.forgetBucket',
  `DELETE FROM removed_buckets r WHERE r.bucket_id = $1
      AND NOT EXISTS (SELECT FROM upload_parts p WHERE p.bucket_id = r.bucket_id)
      AND NOT EXISTS (SELECT FROM uploads u WHERE u.bucket_id = r.bucket_id)`,
);

/** Removes the uploads that were in progress in buckets which are gone, in steps: there may be any number of parts. */
export async function forgetBuckets(deps: Deps, options: CollectOptions): Promise<void> {
  const buckets = await deps.db.query<{ bucket_id: string }>(removed);
  for (const { bucket_id: bucketId } of buckets) {
    let count = AT_ONCE;
    while (count === AT_ONCE) {
      if (options.signal?.aborted) return;
      const [row] = await deps.db.query<{ count: number }>(doomParts, [bucketId]);
      count = row?.count ?? 0;
    }
    while ((await deps.db.execute(dropUploads, [bucketId])) === AT_ONCE) if (options.signal?.aborted) return;
    await deps.db.execute(forget, [bucketId]);
  }
}
