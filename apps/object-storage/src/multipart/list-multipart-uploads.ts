import { s3Error, type Forwarded, type ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { encoder, type Encode } from '../listing/encode.ts';
import { commonPrefixOf } from '../listing/object-entry.ts';
import { afterMarker, listingRange } from '../listing/range.ts';
import { readContents } from '../shared/forwarded.ts';
import { count, text } from '../shared/input.ts';

const MAX_UPLOADS = 1000;

const find = sql('multipart.list', 'SELECT * FROM list_uploads($1, $2, $3, $4, $5, $6, $7, $8)');

interface UploadEntry {
  entry: string;
  is_prefix: boolean;
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
    const { input } = message;
    const prefix = text(input, 'Prefix') ?? '';
    const delimiter = text(input, 'Delimiter');
    const keyMarker = text(input, 'KeyMarker') ?? '';
    const uploadMarker = keyMarker === '' ? '' : (text(input, 'UploadIdMarker') ?? '');
    const encodingType = text(input, 'EncodingType');
    const encode = encoder(encodingType);
    const most = count(input, 'MaxUploads', 'max-uploads', MAX_UPLOADS);
    if (uploadMarker.includes('\0')) throw s3Error('InvalidArgument', { ArgumentName: 'upload-id-marker' });
    const after = keyMarker === '' ? undefined : afterMarker(keyMarker, prefix, delimiter);
    const range = listingRange(prefix, delimiter, uploadMarker === '' ? after : keyMarker);
    const rows =
      most === 0
        ? []
        : await tx.query<UploadEntry>(find, [
            bucket.bucket_id,
            range.from,
            uploadMarker !== '' && range.from === keyMarker ? uploadMarker : null,
            range.upper,
            range.prefixLength,
            range.delimiter,
            range.delimiterNext,
            most + 1,
          ]);
    const entries = rows.slice(0, most);
    const truncated = rows.length > most;
    const last = entries.at(-1);
    return {
      Bucket: bucket.name,
      KeyMarker: encode(keyMarker),
      UploadIdMarker: uploadMarker,
      Prefix: encode(prefix),
      MaxUploads: most,
      IsTruncated: truncated,
      Uploads: entries.filter((entry) => !entry.is_prefix).map((entry) => uploadOf(entry, encode)),
      CommonPrefixes: entries.filter((entry) => entry.is_prefix).map((entry) => commonPrefixOf(entry, encode)),
      ...(delimiter ? { Delimiter: encode(delimiter) } : {}),
      ...(truncated && last
        ? { NextKeyMarker: encode(last.entry), ...(last.is_prefix ? {} : { NextUploadIdMarker: last.upload_id }) }
        : {}),
      ...(encodingType === undefined ? {} : { EncodingType: encodingType }),
    };
  });
}
