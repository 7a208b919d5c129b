import { sql, type Sql } from '@coffer/database';
import type { KeyRef } from '../shared/locks.ts';
import type { KeyState } from './decide-placement.ts';

const read = sql(
  'objects.readPlaces',
  `SELECT r.ord::int AS ord, l.order_no AS latest_order, l.version_id AS latest_version_id, l.etag AS latest_etag,
          l.is_delete_marker AS latest_is_marker, n.order_no AS null_order, n.internal_version_id AS null_internal_id
     FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS r (bucket_id, key, ord)
     LEFT JOIN LATERAL (SELECT v.order_no, v.version_id, v.etag, v.is_delete_marker FROM versions v
                         WHERE v.bucket_id = r.bucket_id AND v.key = r.key ORDER BY v.order_no DESC LIMIT 1) l ON true
     LEFT JOIN LATERAL (SELECT v.order_no, v.internal_version_id FROM versions v
                         WHERE v.bucket_id = r.bucket_id AND v.key = r.key AND v.version_id = 'null' LIMIT 1) n ON true`,
);

interface PlaceRow {
  ord: number;
  latest_order: number | null;
  latest_version_id: string | null;
  latest_etag: string | null;
  latest_is_marker: boolean | null;
  null_order: number | null;
  null_internal_id: string | null;
}

/** What lies at each of these keys now, in order. The caller holds the keys' locks. */
export async function readPlaces(tx: Sql, keys: readonly KeyRef[]): Promise<KeyState[]> {
  const states: KeyState[] = keys.map(() => ({}));
  if (keys.length === 0) return states;
  const rows = await tx.query<PlaceRow>(read, [keys.map((ref) => ref.bucketId), keys.map((ref) => ref.key)]);
  for (const row of rows) {
    states[row.ord - 1] = {
      ...(row.latest_order === null
        ? {}
        : {
            latest: {
              orderNo: row.latest_order,
              versionId: row.latest_version_id ?? '',
              etag: row.latest_etag ?? '',
              deleteMarker: row.latest_is_marker ?? false,
            },
          }),
      ...(row.null_order === null
        ? {}
        : { nullVersion: { orderNo: row.null_order, internalVersionId: row.null_internal_id ?? '' } }),
    };
  }
  return states;
}
