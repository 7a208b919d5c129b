import { sql, type Sql } from '@coffer/database';
import type { ListingRange } from './range.ts';

/** A page of keys is a stretch of the index. */
export const flat = sql(
  'listing.objects.flat',
  `SELECT v.key AS entry, false AS is_prefix, v.size, v.etag, v.last_modified, v.owner_canonical_id, v.checksum_algorithm,
          v.checksum_type
     FROM versions v
    WHERE v.bucket_id = $1 AND v.is_latest AND NOT v.is_delete_marker AND v.key >= $2 AND v.key < $3
    ORDER BY v.key LIMIT $4`,
);

/**
 * A walk along the index: each step seeks the first key at or behind a place, and the next place is right behind that key
 * or, where the key lies below a common prefix, behind all that do. So the cost follows the number of entries on the page,
 * not the number of keys below them; Postgres takes no more steps than the page has entries.
 *
 * $4 and $5: prefix length and delimiter, $6: the first string behind those that start with the delimiter.
 */
export const grouped = sql(
  'listing.objects.grouped',
  `WITH RECURSIVE walk AS (
     SELECT $2::text COLLATE "C" AS next_key, NULL::text COLLATE "C" AS entry, false AS is_prefix, NULL::bigint AS size,
            NULL::text AS etag, NULL::bigint AS last_modified, NULL::text AS owner_canonical_id,
            NULL::text AS checksum_algorithm, NULL::text AS checksum_type
      UNION ALL
     SELECT CASE WHEN p.at > 0 THEN left(v.key, $4 + p.at - 1) || $6::text ELSE v.key || chr(1) END,
            CASE WHEN p.at > 0 THEN left(v.key, $4 + p.at - 1) || $5::text ELSE v.key END,
            p.at > 0, v.size, v.etag, v.last_modified, v.owner_canonical_id, v.checksum_algorithm, v.checksum_type
       FROM walk w
      CROSS JOIN LATERAL (
        SELECT * FROM versions v
         WHERE v.bucket_id = $1 AND v.is_latest AND NOT v.is_delete_marker AND v.key >= w.next_key AND v.key < $3
         ORDER BY v.key LIMIT 1) v
      CROSS JOIN LATERAL (SELECT position($5::text IN substr(v.key, $4::int + 1)) AS at) p)
   SELECT entry, is_prefix, size, etag, last_modified, owner_canonical_id, checksum_algorithm, checksum_type
     FROM walk WHERE entry IS NOT NULL LIMIT $7`,
);

export interface ObjectEntry {
  /** A key, or a common prefix; the other members then are of some key below it. */
  entry: string;
  is_prefix: boolean;
  size: number | null;
  etag: string | null;
  last_modified: number | null;
  owner_canonical_id: string | null;
  checksum_algorithm: string | null;
  checksum_type: string | null;
}

export interface Page<Entry> {
  entries: Entry[];
  truncated: boolean;
}

/** One page of current objects and common prefixes, at most `most` of both together. */
export async function objectsPage(
  runner: Sql,
  bucketId: string,
  range: ListingRange,
  most: number,
): Promise<Page<ObjectEntry>> {
  if (most === 0) return { entries: [], truncated: false };
  const { from, upper, prefixLength, delimiter, delimiterNext } = range;
  const rows = await (delimiter === null
    ? runner.query<ObjectEntry>(flat, [bucketId, from, upper, most + 1])
    : runner.query<ObjectEntry>(grouped, [bucketId, from, upper, prefixLength, delimiter, delimiterNext, most + 1]));
  return { entries: rows.slice(0, most), truncated: rows.length > most };
}
