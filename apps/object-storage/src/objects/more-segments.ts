import { s3Error, type objectStorage, type ReplyOf, type RequestOf } from '@coffer/contracts';
import { sql } from '@coffer/database';
import { isBucketId } from '../buckets/bucket-row.ts';
import type { Deps } from '../deps.ts';
import { MAX_SEGMENTS, segmentOf, segmentsJson, type SegmentJson } from './segments.ts';

const find = sql(
  'objects.moreSegments',
  `SELECT ${segmentsJson} AS segments FROM (
     SELECT * FROM version_parts p WHERE p.bucket_id = $1 AND p.internal_version_id = $2 AND p.part_number >= $3
      ORDER BY p.part_number LIMIT ${MAX_SEGMENTS}) p`,
);

/** Parts from a number on. @throws Fault NoSuchVersion when there are none (any more) */
export async function moreSegments(
  deps: Deps,
  message: RequestOf<typeof objectStorage.moreSegments>,
): Promise<ReplyOf<typeof objectStorage.moreSegments>> {
  const { bucketId, internalVersionId, fromPartNumber, key } = message;
  const [row] = isBucketId(bucketId)
    ? await deps.db.query<{ segments: SegmentJson[] | null }>(find, [bucketId, internalVersionId, fromPartNumber])
    : [];
  if (!row?.segments) throw s3Error('NoSuchVersion', { Key: key });
  return { segments: row.segments.map(segmentOf) };
}
