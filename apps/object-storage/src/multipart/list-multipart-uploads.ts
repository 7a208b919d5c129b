import { s3Error, type Forwarded, type ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import type { Encode } from '../listing/encode.ts';
import { markedListing, markedPage, shownPage, type MarkedEntry } from '../listing/marked-page.ts';
import { afterMarker, isCommonPrefix, listingRange } from '../listing/range.ts';
import { readContents } from '../shared/forwarded.ts';
import { text } from '../shared/input.ts';

const find = sql('multipart.list', 'SELECT * FROM list_uploads($1, $2, $3, $4, $5, $6, $7, $8)');

interface UploadEntry extends MarkedEntry {
  upload_id: string;
  initiated_at: number;
  initiator_arn: string;
  initiator_id: string;
  owner_canonical_id: string;
  checksum_algorithm: string | null;
  checksum_type: string | null;
}

function uploadOf(entry: UploadEntry, encode: Encode): Record<string, unknown> {
  return {
    UploadId: entry.upload_id,
    Key: encode(entry.entry),
    Initiated: new Date(entry.initiated_at),
    StorageClass: 'STANDARD',
    Owner: { ID: entry.owner_canonical_id },
    Initiator: { ID: entry.initiator_id },
    ...(entry.checksum_algorithm === null
      ? {}
      : { ChecksumAlgorithm: entry.checksum_algorithm, ChecksumType: entry.checksum_type ?? undefined }),
  };
}

/** Uploads in progress by key, then by their beginning. An upload-id-marker without a key-marker is ignored, as at AWS. */
export function listMultipartUploads(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return readContents(deps, message, async (tx, bucket) => {
    const listing = markedListing(message.input, { member: 'MaxUploads', parameter: 'max-uploads' });
    const { prefix, delimiter, keyMarker, encode } = listing;
    // A marker that is a common prefix stands for everything below it.
    const wholeKey = keyMarker === '' || (delimiter && isCommonPrefix(keyMarker, prefix, delimiter));
    const uploadMarker = wholeKey ? '' : (text(message.input, 'UploadIdMarker') ?? '');
    if (uploadMarker.includes('\0')) throw s3Error('InvalidArgument', { ArgumentName: 'upload-id-marker' });
    const after = keyMarker === '' ? undefined : afterMarker(keyMarker, prefix, delimiter);
    const range = listingRange(prefix, delimiter, uploadMarker === '' ? after : keyMarker);
    const behind = uploadMarker !== '' && range.from === keyMarker ? uploadMarker : null;
    const page = await markedPage<UploadEntry>(tx, find, bucket.bucket_id, range, behind, listing.most);
    return {
      ...shownPage(listing, page),
      Bucket: bucket.name,
      UploadIdMarker: uploadMarker,
      MaxUploads: listing.most,
      Uploads: page.entries.filter((entry) => !entry.is_prefix).map((entry) => uploadOf(entry, encode)),
      ...(page.next && !page.next.is_prefix ? { NextUploadIdMarker: page.next.upload_id } : {}),
    };
  });
}
