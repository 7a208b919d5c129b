import { sql, type Sql } from '@coffer/database';
import type { ListingRange } from './range.ts';

const find = sql('listing.objects', 'SELECT * FROM list_objects($1, $2, $3, $4, $5, $6, $7)');

export interface ObjectEntry {
  /** A key, or a common prefix. */
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
  const rows = await runner.query<ObjectEntry>(find, [
    bucketId,
    from,
    upper,
    prefixLength,
    delimiter,
    delimiterNext,
    most + 1,
  ]);
  return { entries: rows.slice(0, most), truncated: rows.length > most };
}
