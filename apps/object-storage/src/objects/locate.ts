import {
  s3Error,
  type Fault,
  type objectStorage,
  type ReplyOf,
  type RequestOf,
  type SegmentRef,
} from '@coffer/contracts';
import { sql } from '@coffer/database';
import { findBuckets, isBucketId, isFresh, noSuchBucket, staleContext } from '../buckets/bucket-row.ts';
import type { Deps } from '../deps.ts';
import { isStorableKey } from '../shared/keys.ts';
import { invalidVersionId, mayExist } from '../versions/version-ids.ts';
import { bodyOf, checksumOf, factColumns, factsOf, type BodyColumns, type FactRow } from '../versions/version-row.ts';
import { segmentOf, segmentsEach, segmentsJson, type SegmentJson } from './segments.ts';

type LocateRequest = RequestOf<typeof objectStorage.locate>;
type LocateReply = ReplyOf<typeof objectStorage.locate>;

// One query for a whole batch. Of a multipart object it reads the parts from the place asked for on.
const find = sql(
  'objects.locate',
  `SELECT r.ord::int AS ord, b.revision, coalesce(a.revision, 0) AS account_revision, b.versioning, v.*,
          CASE WHEN v.parts_count IS NOT NULL THEN s.segments END AS segments
     FROM unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::bigint[], $6::bigint[], $7::int[]) WITH ORDINALITY
          AS r (bucket_id, key, version_id, want_bytes, from_offset, from_suffix, from_part, ord)
     LEFT JOIN buckets b ON b.bucket_id = r.bucket_id
     LEFT JOIN accounts a ON a.account_id = b.owner_account_id
     LEFT JOIN LATERAL (
       (SELECT ${factColumns}, v.blob_id, CASE WHEN r.want_bytes THEN v.body END AS body, v.sealed_size, v.header
          FROM versions v WHERE r.version_id IS NULL AND v.bucket_id = r.bucket_id AND v.key = r.key
         ORDER BY v.order_no DESC LIMIT 1)
       UNION ALL
       (SELECT ${factColumns}, v.blob_id, CASE WHEN r.want_bytes THEN v.body END AS body, v.sealed_size, v.header
          FROM versions v WHERE v.bucket_id = r.bucket_id AND v.key = r.key AND v.version_id = r.version_id)
     ) v ON true
     LEFT JOIN LATERAL (
       SELECT ${segmentsJson} AS segments FROM (
         SELECT * FROM version_parts p
          WHERE v.parts_count IS NOT NULL AND p.bucket_id = r.bucket_id AND p.internal_version_id = v.internal_version_id
            AND p.part_number >= coalesce(r.from_part,
                  (SELECT f.part_number FROM version_parts f
                    WHERE f.bucket_id = r.bucket_id AND f.internal_version_id = v.internal_version_id
                      AND f.start_offset <= coalesce(r.from_offset, greatest(0, v.size - r.from_suffix), 0)
                    ORDER BY f.start_offset DESC, f.part_number DESC LIMIT 1), 1)
          ORDER BY p.part_number
          LIMIT CASE WHEN r.want_bytes THEN $8::int WHEN r.from_part IS NULL THEN 0 ELSE 1 END) p
     ) s ON true`,
);

interface LocateRow extends FactRow, BodyColumns {
  ord: number;
  revision: number | null;
  account_revision: number;
  versioning: string;
  /** Null when no version fits. */
  version_id: string;
  segments: SegmentJson[] | null;
}

const NO_BUCKET = '00000000-0000-0000-0000-000000000000';

function fromOf(message: LocateRequest): { offset: number | null; suffix: number | null; part: number | null } {
  const { from } = message;
  return {
    offset: from && 'offset' in from ? from.offset : null,
    suffix: from && 'suffix' in from ? from.suffix : null,
    part: from && 'partNumber' in from ? Math.min(Math.max(from.partNumber, 0), 100_000) : null,
  };
}

/** Which versions are meant, and where their bytes are; each element with its own result. */
export async function locate(deps: Deps, messages: readonly LocateRequest[]): Promise<(LocateReply | Fault)[]> {
  const froms = messages.map(fromOf);
  const rows = await deps.db.query<LocateRow>(find, [
    messages.map((message) => (isBucketId(message.revision.bucketId) ? message.revision.bucketId : NO_BUCKET)),
    messages.map((message) => (isStorableKey(message.key) ? message.key : '')),
    messages.map((message) => (message.versionId?.includes('\0') ? '' : (message.versionId ?? null))),
    messages.map((message) => message.want === 'bytes'),
    froms.map((from) => from.offset),
    froms.map((from) => from.suffix),
    froms.map((from) => from.part),
    segmentsEach(messages.length),
  ]);
  const byPosition = new Map(rows.map((row) => [row.ord - 1, row]));
  const stale = messages.filter((message, index) => {
    const row = byPosition.get(index);
    return row && row.revision !== null && !isFresh({ ...row, revision: row.revision }, message.revision);
  });
  const contexts = await findBuckets(
    deps.db,
    stale.map((message) => message.revision.bucketId),
  );
  return messages.map((message, index) => {
    const row = byPosition.get(index);
    if (!row || row.revision === null) return noSuchBucket(undefined);
    if (stale.includes(message)) {
      const bucket = contexts.get(message.revision.bucketId);
      return bucket ? staleContext(bucket) : noSuchBucket(undefined);
    }
    try {
      return resultOf(deps, message, row);
    } catch (error) {
      // A row that makes no sense costs its own readers their answer, not everybody in the batch.
      deps.log.error({ err: error, bucketId: message.revision.bucketId }, 'a version cannot be read');
      return s3Error('InternalError');
    }
  });
}

function resultOf(deps: Deps, message: LocateRequest, row: LocateRow): LocateReply | Fault {
  const { key, versionId } = message;
  if (versionId !== undefined && !mayExist(deps.ids, row.versioning, versionId)) return invalidVersionId(versionId);
  if (row.version_id === null) {
    return versionId === undefined
      ? s3Error('NoSuchKey', { Key: key })
      : s3Error('NoSuchVersion', { Key: key, VersionId: versionId });
  }
  if (row.is_delete_marker) return deleteMarker(row, message);
  const part = partOf(row, message);
  if (part === 'none') {
    return s3Error('InvalidPartNumber', {
      ActualPartCount: String(row.parts_count ?? 1),
      PartNumberRequested: String(fromOf(message).part),
    });
  }
  return {
    version: factsOf(row, message.withTags ?? false),
    segments: message.want === 'bytes' ? segmentsOf(row) : [],
    ...(part ? { part } : {}),
  };
}

function deleteMarker(row: LocateRow, message: LocateRequest): Fault {
  const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': row.version_id };
  if (message.versionId === undefined) return s3Error('NoSuchKey', { Key: message.key }, { headers });
  return s3Error(
    'MethodNotAllowed',
    { ResourceType: 'DeleteMarker' },
    { headers: { ...headers, Allow: 'DELETE', 'Last-Modified': new Date(row.last_modified).toUTCString() } },
  );
}

function segmentsOf(row: LocateRow): SegmentRef[] {
  if (row.parts_count === null) return [{ partNumber: 1, offset: 0, size: row.size, body: bodyOf(row) }];
  return (row.segments ?? []).map(segmentOf);
}

/** The part that was asked for; a simple object counts as its own first part. */
function partOf(row: LocateRow, message: LocateRequest): LocateReply['part'] | 'none' {
  const wanted = fromOf(message).part;
  if (wanted === null) return undefined;
  if (row.parts_count === null) {
    const checksum = checksumOf(row)?.value;
    if (wanted !== 1) return 'none';
    return { partNumber: 1, offset: 0, size: row.size, ...(checksum === undefined ? {} : { checksum }) };
  }
  const found = row.segments?.[0];
  if (!found || found.n !== wanted) return 'none';
  return { partNumber: found.n, offset: found.o, size: found.s, ...(found.c === null ? {} : { checksum: found.c }) };
}
