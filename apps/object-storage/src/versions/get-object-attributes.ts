import { s3Error, type Forwarded, type ForwardedReply } from '@coffer/contracts';
import { sql, type Sql } from '@coffer/database';
import type { BucketRow } from '../buckets/bucket-row.ts';
import type { Deps } from '../deps.ts';
import { partNumberMarker } from '../multipart/list-parts.ts';
import { readContents, type Output } from '../shared/forwarded.ts';
import { count, requiredText, text, texts, type Input } from '../shared/input.ts';
import { checksumMember } from './checksum-member.ts';
import { findVersion, type FoundVersion } from './find-version.ts';

const MAX_PARTS = 1000;
const ATTRIBUTES: readonly string[] = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'];

const findParts = sql(
  'versions.parts',
  `SELECT part_number, size, checksum FROM version_parts
    WHERE bucket_id = $1 AND internal_version_id = $2 AND part_number > $3 ORDER BY part_number LIMIT $4`,
);

interface PartRow {
  part_number: number;
  size: number;
  checksum: string | null;
}

/** Parts are listed where they have checksums; their number is always told. */
async function objectParts(
  tx: Sql,
  bucket: BucketRow,
  version: FoundVersion,
  input: Input,
): Promise<Output | undefined> {
  if (version.parts_count === null) return undefined;
  if (version.checksum_algorithm === null) return { TotalPartsCount: version.parts_count };
  const most = count(input, 'MaxParts', 'max-parts', MAX_PARTS);
  const marker = partNumberMarker(input);
  const rows = await tx.query<PartRow>(findParts, [bucket.bucket_id, version.internal_version_id, marker, most + 1]);
  const parts = rows.slice(0, most);
  return {
    TotalPartsCount: version.parts_count,
    PartNumberMarker: String(marker),
    NextPartNumberMarker: String(parts.at(-1)?.part_number ?? 0),
    MaxParts: most,
    IsTruncated: rows.length > most,
    Parts: parts.map((part) => ({
      PartNumber: part.part_number,
      Size: part.size,
      ...checksumMember(version.checksum_algorithm, part.checksum),
    })),
  };
}

export function getObjectAttributes(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return readContents(deps, message, async (tx, bucket) => {
    const { input } = message;
    const asked = new Set(texts(input, 'ObjectAttributes'));
    if (asked.size === 0) {
      throw s3Error(
        'InvalidRequest',
        {},
        { message: 'Missing required header for this request: x-amz-object-attributes' },
      );
    }
    if ([...asked].some((name) => !ATTRIBUTES.includes(name))) {
      throw s3Error(
        'InvalidArgument',
        { ArgumentName: 'x-amz-object-attributes' },
        { message: 'Invalid attribute name specified.' },
      );
    }
    const version = await findVersion(deps, tx, bucket, requiredText(input, 'Key'), text(input, 'VersionId'));
    const checksum = {
      ...checksumMember(version.checksum_algorithm, version.checksum_value),
      ...(version.checksum_type === null ? {} : { ChecksumType: version.checksum_type }),
    };
    const parts = asked.has('ObjectParts') ? await objectParts(tx, bucket, version, input) : undefined;
    return {
      LastModified: new Date(version.last_modified),
      ...(bucket.versioning === 'unversioned' ? {} : { VersionId: version.version_id }),
      // Here, and only here, AWS gives the ETag without quotes.
      ...(asked.has('ETag') ? { ETag: version.etag } : {}),
      ...(asked.has('Checksum') && version.checksum_algorithm !== null ? { Checksum: checksum } : {}),
      ...(parts ? { ObjectParts: parts } : {}),
      ...(asked.has('StorageClass') ? { StorageClass: 'STANDARD' } : {}),
      ...(asked.has('ObjectSize') ? { ObjectSize: version.size } : {}),
    };
  });
}
