import { s3Error, type Forwarded, type ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { readContents } from '../shared/forwarded.ts';
import { count, requiredText, type Input } from '../shared/input.ts';
import { checksumMember } from '../versions/checksum-member.ts';
import { requireUpload } from './upload-row.ts';

const MAX_PARTS = 1000;

const find = sql(
  'multipart.listParts',
  `SELECT part_number, size, etag, last_modified, checksum_algorithm, checksum_value FROM upload_parts
    WHERE bucket_id = $1 AND upload_id = $2 AND part_number > $3 ORDER BY part_number LIMIT $4`,
);

interface PartRow {
  part_number: number;
  size: number;
  etag: string;
  last_modified: number;
  checksum_algorithm: string | null;
  checksum_value: string | null;
}

/** The SDK's member is text, though it is a number. */
export function partNumberMarker(input: Input): number {
  const value = input.PartNumberMarker;
  if (value === undefined || value === '') return 0;
  const marker = Number(value);
  if (!Number.isInteger(marker) || marker < 0 || marker > 2 ** 31 - 1) {
    throw s3Error(
      'InvalidArgument',
      {
        ArgumentName: 'part-number-marker',
        ArgumentValue: typeof value === 'string' ? value.slice(0, 32) : JSON.stringify(value),
      },
      { message: 'Provided part-number-marker not an integer or within integer range' },
    );
  }
  return marker;
}

export function listParts(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return readContents(deps, message, async (tx, bucket) => {
    const { input } = message;
    const key = requiredText(input, 'Key');
    const uploadId = requiredText(input, 'UploadId');
    const most = count(input, 'MaxParts', 'max-parts', MAX_PARTS);
    const marker = partNumberMarker(input);
    const upload = await requireUpload(tx, { bucketId: bucket.bucket_id, key, uploadId });
    const rows = most === 0 ? [] : await tx.query<PartRow>(find, [bucket.bucket_id, uploadId, marker, most + 1]);
    const parts = rows.slice(0, most);
    return {
      Bucket: bucket.name,
      Key: key,
      UploadId: uploadId,
      PartNumberMarker: String(marker),
      MaxParts: most,
      IsTruncated: rows.length > most,
      ...(parts.length === 0 ? {} : { NextPartNumberMarker: String(parts.at(-1)?.part_number) }),
      Parts: parts.map((part) => ({
        PartNumber: part.part_number,
        LastModified: new Date(part.last_modified),
        ETag: `"${part.etag}"`,
        Size: part.size,
        ...checksumMember(part.checksum_algorithm, part.checksum_value),
      })),
      Initiator: { ID: upload.initiator_id },
      Owner: { ID: upload.owner_canonical_id },
      StorageClass: 'STANDARD',
      ...(upload.checksum_algorithm === null
        ? {}
        : { ChecksumAlgorithm: upload.checksum_algorithm, ChecksumType: upload.checksum_type ?? undefined }),
    };
  });
}
