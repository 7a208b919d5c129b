import { s3Error, type Fault } from '@coffer/contracts';
import { sql, type Sql } from '@coffer/database';
import type { BucketRow } from '../buckets/bucket-row.ts';
import type { Deps } from '../deps.ts';
import { isStorableKey } from '../shared/keys.ts';
import { invalidVersionId, mayExist } from './version-ids.ts';
import { factColumns, type FactRow } from './version-row.ts';

const newest = sql(
  'versions.newest',
  `SELECT v.order_no, ${factColumns} FROM versions v WHERE v.bucket_id = $1 AND v.key = $2 ORDER BY v.order_no DESC LIMIT 1`,
);
const byId = sql(
  'versions.byId',
  `SELECT v.order_no, ${factColumns} FROM versions v WHERE v.bucket_id = $1 AND v.key = $2 AND v.version_id = $3`,
);

export interface FoundVersion extends FactRow {
  order_no: number;
}

/**
 * The version that a request means: the one it names, else the newest.
 * @throws Fault InvalidArgument, NoSuchKey, NoSuchVersion, MethodNotAllowed for a delete marker
 */
export async function findVersion(
  deps: Deps,
  runner: Sql,
  bucket: BucketRow,
  key: string,
  versionId: string | undefined,
): Promise<FoundVersion> {
  if (versionId !== undefined && !mayExist(deps.ids, bucket.versioning, versionId)) throw invalidVersionId(versionId);
  const missing: Fault =
    versionId === undefined
      ? s3Error('NoSuchKey', { Key: key })
      : s3Error('NoSuchVersion', { Key: key, VersionId: versionId });
  if (!isStorableKey(key)) throw missing;
  const [row] =
    versionId === undefined
      ? await runner.query<FoundVersion>(newest, [bucket.bucket_id, key])
      : await runner.query<FoundVersion>(byId, [bucket.bucket_id, key, versionId]);
  if (!row) throw missing;
  if (row.is_delete_marker) throw deleteMarkerFault(row, versionId !== undefined);
  return row;
}

/** What a delete marker answers: nothing is there, or, when it was named by its id, that it has no content to work on. */
function deleteMarkerFault(row: FoundVersion, named: boolean): Fault {
  const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': row.version_id };
  if (!named) return s3Error('NoSuchKey', { Key: row.key }, { headers });
  return s3Error('MethodNotAllowed', { ResourceType: 'DeleteMarker' }, { headers: { ...headers, Allow: 'DELETE' } });
}
