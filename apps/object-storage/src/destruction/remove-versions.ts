import { sql, type Sql } from '@coffer/database';

/** One version to destroy, by its place. */
export interface Removal {
  bucketId: string;
  key: string;
  orderNo: number;
  /** Governance's grant; without one only versions in unprotected buckets go. */
  grantId?: string | undefined;
}

/*
 * The one statement that destroys versions, delete markers included. It asks the bucket itself whether it is protected,
 * so that no caller can forget to. Blobs are not deleted here: they are doomed, and the collector removes them when
 * nobody can still be reading them. The parts of a multipart object stay as long, rows and all: its readers ask for them
 * as they go, and destroying an object costs the same however many it has.
 */
const remove = sql(
  'destruction.remove',
  `WITH gone AS (
     DELETE FROM versions v
      USING unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[]) AS r (bucket_id, key, order_no, grant_id)
       JOIN buckets b ON b.bucket_id = r.bucket_id
      WHERE v.bucket_id = r.bucket_id AND v.key = r.key AND v.order_no = r.order_no
        AND (r.grant_id IS NOT NULL OR NOT b.protected)
     RETURNING v.bucket_id, v.internal_version_id, v.blob_id, v.parts_count
   ), parts AS (
     INSERT INTO removed_versions (bucket_id, internal_version_id)
     SELECT bucket_id, internal_version_id FROM gone WHERE parts_count IS NOT NULL
   ), doomed AS (
     UPDATE blob_claims c SET state = 'doomed', since = clock_timestamp()
      WHERE c.blob_id = ANY (ARRAY(SELECT blob_id FROM gone WHERE blob_id IS NOT NULL))
   )
   SELECT count(*)::int AS count FROM gone`,
);

/**
 * Destroys exactly these versions. The caller holds the locks of their keys.
 * @throws Error when one is not there or is protected without a grant; let it roll the transaction back
 */
export async function removeVersions(tx: Sql, removals: readonly Removal[]): Promise<void> {
  if (removals.length === 0) return;
  const [row] = await tx.query<{ count: number }>(remove, [
    removals.map((removal) => removal.bucketId),
    removals.map((removal) => removal.key),
    removals.map((removal) => removal.orderNo),
    removals.map((removal) => removal.grantId ?? null),
  ]);
  if (row?.count !== removals.length)
    throw new Error('A version to destroy is gone already, or protected without a grant.');
}
