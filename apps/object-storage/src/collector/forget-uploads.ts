import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import type { CollectOptions } from './collect.ts';

const UPLOADS_AT_ONCE = 200;
const PARTS_AT_ONCE = 1_000;

const removed = sql(
  'collector.removedUploads',
  `SELECT bucket_id, upload_id FROM removed_uploads ORDER BY removed_at LIMIT ${UPLOADS_AT_ONCE}`,
);
// The blobs have waited since the upload went.
const doomParts = sql(
  'collector.doomPartsOfUpload',
  `WITH parts AS (
     DELETE FROM upload_parts WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM upload_parts WHERE bucket_id = $1 AND upload_id = $2 LIMIT ${PARTS_AT_ONCE}))
     RETURNING blob_id
   ), doomed AS (
     UPDATE blob_claims
        SET state = 'doomed', since = (SELECT removed_at FROM removed_uploads WHERE bucket_id = $1 AND upload_id = $2)
      WHERE blob_id = ANY (ARRAY(SELECT blob_id FROM parts))
   )
   SELECT count(*)::int AS count FROM parts`,
);
// Another collector may be at the rest of them.
const forget = sql(
  'collector.forgetUpload',
  `DELETE FROM removed_uploads r WHERE r.bucket_id = $1 AND r.upload_id = $2
      AND NOT EXISTS (SELECT FROM upload_parts p WHERE p.bucket_id = r.bucket_id AND p.upload_id = r.upload_id)`,
);

/** Removes the parts of uploads that are gone, in steps: there may be ten thousand in each. */
export async function forgetUploads(deps: Deps, options: CollectOptions): Promise<void> {
  for (;;) {
    const uploads = await deps.db.query<{ bucket_id: string; upload_id: string }>(removed);
    let forgotten = 0;
    for (const { bucket_id: bucketId, upload_id: uploadId } of uploads) {
      let count = PARTS_AT_ONCE;
      while (count === PARTS_AT_ONCE) {
        if (options.signal?.aborted) return;
        const [row] = await deps.db.query<{ count: number }>(doomParts, [bucketId, uploadId]);
        count = row?.count ?? 0;
      }
      forgotten += await deps.db.execute(forget, [bucketId, uploadId]);
    }
    // What another collector is at is left to it.
    if (uploads.length < UPLOADS_AT_ONCE || forgotten === 0) return;
  }
}
