import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import type { VersionRef } from './gate.ts';

const find = sql(
  'destruction.stillThere',
  `SELECT v.internal_version_id FROM unnest($1::uuid[], $2::text[]) AS r (bucket_id, internal_version_id)
     JOIN versions v ON v.bucket_id = r.bucket_id AND v.internal_version_id = r.internal_version_id`,
);

/** Internal ids of those among the versions that exist. */
export async function stillThere(deps: Deps, versions: readonly VersionRef[]): Promise<Set<string>> {
  const rows = await deps.db.query<{ internal_version_id: string }>(find, [
    versions.map((version) => version.bucketId),
    versions.map((version) => version.internalVersionId),
  ]);
  return new Set(rows.map((row) => row.internal_version_id));
}
