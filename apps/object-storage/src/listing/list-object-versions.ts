import { s3Error, type Forwarded, type ForwardedReply } from '@coffer/contracts';
import { sql, type Sql } from '@coffer/database';
import type { BucketRow } from '../buckets/bucket-row.ts';
import type { Deps } from '../deps.ts';
import { readContents } from '../shared/forwarded.ts';
import { text } from '../shared/input.ts';
import { NULL_VERSION } from '../shared/opaque-ids.ts';
import type { Encode } from './encode.ts';
import { markedListing, markedPage, shownPage, type MarkedEntry } from './marked-page.ts';
import { afterMarker, isCommonPrefix, listingRange } from './range.ts';

const find = sql('listing.versions', 'SELECT * FROM list_versions($1, $2, $3, $4, $5, $6, $7, $8)');
const orderOfNull = sql(
  'listing.orderOfNull',
  `SELECT order_no FROM versions WHERE bucket_id = $1 AND key = $2 AND version_id = '${NULL_VERSION}'`,
);

interface VersionEntry extends MarkedEntry {
  order_no: number;
  version_id: string;
  is_latest: boolean;
  is_delete_marker: boolean;
  size: number;
  etag: string;
  last_modified: number;
  owner_canonical_id: string;
  checksum_algorithm: string | null;
  checksum_type: string | null;
}

interface Start {
  from: string | undefined;
  belowOrder: number | null;
}

/**
 * Where the page begins. An id holds its place among the versions of its key, so a client that deletes a page before it
 * asks for the next one goes on where it was; only behind a null version that is gone does the key begin again.
 */
async function startOf(
  deps: Deps,
  tx: Sql,
  bucket: BucketRow,
  keyMarker: string,
  versionMarker: string | undefined,
  range: { prefix: string; delimiter: string | undefined },
): Promise<Start> {
  if (keyMarker === '') {
    if (versionMarker === undefined) return { from: undefined, belowOrder: null };
    throw s3Error(
      'InvalidArgument',
      { ArgumentName: 'version-id-marker', ArgumentValue: versionMarker },
      { message: 'A version-id marker cannot be specified without a key marker.' },
    );
  }
  const after = afterMarker(keyMarker, range.prefix, range.delimiter);
  if (versionMarker === undefined) return { from: after, belowOrder: null };
  const order =
    versionMarker === NULL_VERSION
      ? await tx
          .query<{ order_no: number }>(orderOfNull, [bucket.bucket_id, keyMarker])
          .then(([row]) => row?.order_no ?? null)
      : deps.ids.orderOf(versionMarker);
  if (order === undefined) {
    throw s3Error(
      'InvalidArgument',
      { ArgumentName: 'version-id-marker', ArgumentValue: versionMarker.slice(0, 128) },
      { message: 'Invalid version id specified' },
    );
  }
  // A marker that is a common prefix stands for everything below it, whatever stands beside it.
  const { prefix, delimiter } = range;
  if (delimiter && isCommonPrefix(keyMarker, prefix, delimiter)) return { from: after, belowOrder: null };
  return { from: keyMarker, belowOrder: order };
}

function versionOf(entry: VersionEntry, encode: Encode): Record<string, unknown> {
  return {
    Key: encode(entry.entry),
    VersionId: entry.version_id,
    IsLatest: entry.is_latest,
    LastModified: new Date(entry.last_modified),
    Owner: { ID: entry.owner_canonical_id },
    ...(entry.is_delete_marker
      ? {}
      : {
          ETag: `"${entry.etag}"`,
          ...(entry.checksum_algorithm === null
            ? {}
            : { ChecksumAlgorithm: [entry.checksum_algorithm], ChecksumType: entry.checksum_type ?? undefined }),
          Size: entry.size,
          StorageClass: 'STANDARD',
        }),
  };
}

/** Versions and delete markers by key, newest first within a key. */
export function listObjectVersions(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return readContents(deps, message, async (tx, bucket) => {
    const listing = markedListing(message.input, { member: 'MaxKeys', parameter: 'max-keys' });
    const { prefix, delimiter, encode } = listing;
    const versionMarker = text(message.input, 'VersionIdMarker');
    const start = await startOf(deps, tx, bucket, listing.keyMarker, versionMarker || undefined, { prefix, delimiter });
    const range = listingRange(prefix, delimiter, start.from);
    // A marker before the prefix says nothing about versions of the first key.
    const belowOrder = range.from === start.from ? start.belowOrder : null;
    const page = await markedPage<VersionEntry>(tx, find, bucket.bucket_id, range, belowOrder, listing.most);
    // Two lists in the schema, one sequence on the wire: each entry says its place.
    const placed = page.entries
      .filter((entry) => !entry.is_prefix)
      .map((entry, place) => ({ entry, shown: { ...versionOf(entry, encode), Place: place } }));
    return {
      ...shownPage(listing, page),
      Name: bucket.name,
      ...(versionMarker === undefined ? {} : { VersionIdMarker: versionMarker }),
      MaxKeys: listing.most,
      Versions: placed.filter(({ entry }) => !entry.is_delete_marker).map(({ shown }) => shown),
      DeleteMarkers: placed.filter(({ entry }) => entry.is_delete_marker).map(({ shown }) => shown),
      ...(page.next && !page.next.is_prefix ? { NextVersionIdMarker: page.next.version_id } : {}),
    };
  });
}
