import type { Encode } from './encode.ts';
import type { ObjectEntry } from './list-objects-page.ts';

/** An element of `Contents`. */
export function contentOf(entry: ObjectEntry, encode: Encode, withOwner: boolean): Record<string, unknown> {
  return {
    Key: encode(entry.entry),
    LastModified: new Date(entry.last_modified ?? 0),
    ETag: `"${entry.etag ?? ''}"`,
    ...(entry.checksum_algorithm === null
      ? {}
      : { ChecksumAlgorithm: [entry.checksum_algorithm], ChecksumType: entry.checksum_type ?? undefined }),
    Size: entry.size ?? 0,
    StorageClass: 'STANDARD',
    ...(withOwner ? { Owner: { ID: entry.owner_canonical_id ?? '' } } : {}),
  };
}

export function commonPrefixOf(entry: { entry: string }, encode: Encode): Record<string, unknown> {
  return { Prefix: encode(entry.entry) };
}
