import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import type { CollectOptions } from './collect.ts';

const AT_ONCE = 200;

const waiting = sql(
  'collector.removedVersions',
  `SELECT bucket_id, internal_version_id FROM removed_versions
    WHERE removed_at <= statement_timestamp() - $1::float8 * interval '1 millisecond'
    ORDER BY removed_at LIMIT ${AT_ONCE}`,
);
// Doomed since the version was removed: the blobs have waited with the rows, and go in the same round.
const doom = sql(
  'collector.doomParts',
  `WITH removed AS (
     DELETE FROM removed_versions WHERE bucket_id = $1 AND internal_version_id = $2 RETURNING removed_at
   ), parts AS (
     DELETE FROM version_parts WHERE bucket_id = $1 AND internal_version_id = $2 AND EXISTS (SELECT FROM removed)
     RETURNING blob_id
   )
   UPDATE blob_claims SET state = 'doomed', since = (SELECT removed_at FROM removed)
    WHERE blob_id = ANY (ARRAY(SELECT blob_id FROM parts))`,
);

/** Forgets the parts of multipart objects that are gone, and whose readers have had time to finish. */
export async function doomParts(deps: Deps, options: CollectOptions): Promise<void> {
  for (;;) {
    const rows = await deps.db.query<{ bucket_id: string; internal_version_id: string }>(waiting, [options.graceMs]);
    for (const { bucket_id: bucketId, internal_version_id: versionId } of rows) {
      if (options.signal?.aborted) return;
      await deps.db.execute(doom, [bucketId, versionId]);
    }
    if (rows.length < AT_ONCE) return;
  }
}
