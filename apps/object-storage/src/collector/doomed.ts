import { sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Deps } from '../deps.ts';
import type { CollectOptions } from './collect.ts';
import { pace } from './pace.ts';

registerFailpoints('object-storage.collector.before-forget');

const AT_ONCE = 200;

const waiting = sql(
  'collector.doomed',
  `SELECT blob_id FROM blob_claims
    WHERE state = 'doomed' AND state <> 'live' AND since <= statement_timestamp() - $1::float8 * interval '1 millisecond'
    ORDER BY since, blob_id LIMIT ${AT_ONCE}`,
);
const forget = sql('collector.forget', `DELETE FROM blob_claims WHERE blob_id = ANY ($1::text[]) AND state = 'doomed'`);

/** Blobs of overwritten and deleted versions whose readers have had time to finish. Blob first, row afterwards. */
export async function deleteDoomed(deps: Deps, options: CollectOptions): Promise<number> {
  let deleted = 0;
  for (;;) {
    const rows = await deps.db.query<{ blob_id: string }>(waiting, [options.graceMs]);
    const gone: string[] = [];
    for (const { blob_id: id } of rows) {
      if (options.signal?.aborted) break;
      await deps.blobs.delete(id);
      gone.push(id);
      await pace(options.pauseMs);
    }
    failpoint('object-storage.collector.before-forget');
    if (gone.length > 0) await deps.db.execute(forget, [gone]);
    deleted += gone.length;
    if (gone.length < AT_ONCE) return deleted;
  }
}
