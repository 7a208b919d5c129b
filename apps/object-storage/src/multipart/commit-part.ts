import { s3Error, type Fault, type objectStorage, type ReplyOf, type RequestOf } from '@coffer/contracts';
import { byteaArray, sql, type OutboxEntry, type Sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import { findBuckets, isBucketId, isFresh, noSuchBucket, staleContext, type BucketRow } from '../buckets/bucket-row.ts';
import type { Deps } from '../deps.ts';
import { claimBlobs, doomBlobs, type BlobClaim } from '../objects/write-versions.ts';
import { requireDistinct } from '../shared/distinct.ts';
import { forMutation, isOfOneBucket, withLocksOfBatch } from '../shared/locks.ts';
import { abortedElement, mayBeOneElement } from '../shared/one-element.ts';
import { bodyColumns, wholeSeconds } from '../versions/version-row.ts';
import { findUploads, noSuchUpload, uploadPlace, type UploadName, type UploadRow } from './upload-row.ts';

type PartRequest = RequestOf<typeof objectStorage.commitPart>;
type PartReply = ReplyOf<typeof objectStorage.commitPart>;
type Result = PartReply | Fault;

registerFailpoints('object-storage.commit-part.before-commit', 'object-storage.commit-part.before-reply');

const overwritten = sql(
  'multipart.overwrittenParts',
  `SELECT p.blob_id FROM unnest($1::uuid[], $2::text[], $3::int[]) AS r (bucket_id, upload_id, part_number)
     JOIN upload_parts p ON p.bucket_id = r.bucket_id AND p.upload_id = r.upload_id AND p.part_number = r.part_number`,
);
const upsert = sql(
  'multipart.upsertParts',
  `INSERT INTO upload_parts (bucket_id, upload_id, part_number, size, etag, last_modified, checksum_algorithm, checksum_value,
     blob_id, body, sealed_size, header)
   SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::bigint[], $7::text[], $8::text[],
     $9::text[], $10::bytea[], $11::bigint[], $12::bytea[])
   ON CONFLICT (bucket_id, upload_id, part_number) DO UPDATE SET size = excluded.size, etag = excluded.etag,
     last_modified = excluded.last_modified, checksum_algorithm = excluded.checksum_algorithm,
     checksum_value = excluded.checksum_value, blob_id = excluded.blob_id, body = excluded.body,
     sealed_size = excluded.sealed_size, header = excluded.header`,
);

const bucketOf = ({ revision }: PartRequest): string => revision.bucketId;

const uploadOf = (message: PartRequest): UploadName => ({
  bucketId: message.revision.bucketId,
  key: message.key,
  uploadId: message.uploadId,
});

const partPlace = (message: PartRequest): string => `${uploadPlace(uploadOf(message))}\0${message.partNumber}`;

/**
 * Stores sealed parts of uploads: one transaction for a batch, each element with its own result. A part that is sent
 * again takes the place of the earlier one, whose blob is doomed.
 */
export async function commitPart(deps: Deps, messages: readonly PartRequest[]): Promise<Result[]> {
  const valid = messages.filter(({ revision }) => isBucketId(revision.bucketId));
  const stored = await run(deps, valid, isOfOneBucket(valid.map(bucketOf)));
  let next = 0;
  const results = messages.map((message) =>
    isBucketId(message.revision.bucketId) ? (stored[next++] as Result) : noSuchBucket(message.draft.bucket),
  );
  failpoint('object-storage.commit-part.before-reply');
  return results;
}

async function run(deps: Deps, messages: readonly PartRequest[], mayWait: boolean): Promise<Result[]> {
  try {
    const results = await withLocksOfBatch(deps, messages, {
      bucketOf,
      locksOf: (some) => forMutation([], some.map(uploadOf)),
      mayWait,
      work: (tx, some) => attempt(deps, tx, some),
    });
    return results.map((result) => ('fault' in result ? result.fault : result));
  } catch (error) {
    if (!mayBeOneElement(error)) throw error;
    // One element's values broke the batch: done again one by one, only that one fails.
    const [only, ...more] = messages;
    if (only && more.length === 0) return [abortedElement(deps, error, only.caller)];
    const results: Result[] = [];
    for (const message of messages) results.push(...(await run(deps, [message], mayWait)));
    return results;
  }
}

/** The buckets can exist, and the locks of the uploads are held. */
async function attempt(deps: Deps, tx: Sql, messages: readonly PartRequest[]): Promise<Result[]> {
  requireDistinct(messages.map((message) => message.caller.requestId));
  const [buckets, replies, uploads] = await Promise.all([
    findBuckets(tx, messages.map(bucketOf)),
    deps.outbox.replies(
      messages.map((message) => message.caller.requestId),
      tx,
    ),
    findUploads(tx, messages.map(uploadOf)),
  ]);
  const outbox: OutboxEntry[] = [];
  const parts = new Map<string, PartRequest>();
  const claims = new Map<string, BlobClaim>();
  const results = messages.map((message): Result => {
    const earlier = replies.get(message.caller.requestId);
    if (earlier) return earlier.reply as PartReply;
    const refusal = refused(message, buckets, uploads);
    if (refusal) return refusal;
    const { body } = message;
    if (claims.has(body.blobId)) return s3Error('OperationAborted');
    const replaced = parts.get(partPlace(message));
    if (replaced?.body.kind === 'blob') claim(claims, replaced, 'doomed');
    if (body.kind === 'blob') claim(claims, message, 'live');
    parts.set(partPlace(message), message);
    const reply = { lastModified: wholeSeconds(message.time) };
    outbox.push({
      requestId: message.caller.requestId,
      draft: { ...message.draft, status: 200, objectSize: message.size },
      reply,
    });
    return reply;
  });
  await write(deps, tx, [...parts.values()], [...claims.values()], outbox);
  failpoint('object-storage.commit-part.before-commit');
  return results;
}

function claim(claims: Map<string, BlobClaim>, message: PartRequest, state: BlobClaim['state']): void {
  const { blobId } = message.body;
  claims.set(blobId, { blobId, bucketId: message.revision.bucketId, state });
}

function refused(
  message: PartRequest,
  buckets: ReadonlyMap<string, BucketRow>,
  uploads: ReadonlyMap<string, UploadRow>,
): Fault | undefined {
  const bucket = buckets.get(message.revision.bucketId);
  if (!bucket) return noSuchBucket(message.draft.bucket);
  if (!isFresh(bucket, message.revision)) return staleContext(bucket);
  const upload = uploads.get(uploadPlace(uploadOf(message)));
  if (!upload) return noSuchUpload(message.uploadId);
  const expected = upload.checksum_algorithm;
  const actual = message.checksum?.algorithm;
  if (expected === null || expected === actual) return undefined;
  const words = `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum Type: ${actual?.toLowerCase() ?? 'null'}`;
  return s3Error('InvalidRequest', {}, { message: words });
}

async function write(
  deps: Deps,
  tx: Sql,
  parts: readonly PartRequest[],
  claims: readonly BlobClaim[],
  outbox: readonly OutboxEntry[],
): Promise<void> {
  if (outbox.length === 0) return;
  const buckets = parts.map((part) => part.revision.bucketId);
  const uploads = parts.map((part) => part.uploadId);
  const numbers = parts.map((part) => part.partNumber);
  const replaced = await tx.query<{ blob_id: string }>(overwritten, [buckets, uploads, numbers]);
  const bodies = parts.map((part) => bodyColumns(part.body));
  await Promise.all([
    doomBlobs(
      tx,
      replaced.map((row) => row.blob_id),
    ),
    claimBlobs(tx, claims),
    tx.execute(upsert, [
      buckets,
      uploads,
      numbers,
      parts.map((part) => part.size),
      parts.map((part) => part.etag),
      parts.map((part) => wholeSeconds(part.time)),
      parts.map((part) => part.checksum?.algorithm ?? null),
      parts.map((part) => part.checksum?.value ?? null),
      bodies.map((body) => body.blob_id),
      byteaArray(bodies.map((body) => body.body)),
      bodies.map((body) => body.sealed_size),
      byteaArray(bodies.map((body) => body.header)),
    ]),
    deps.outbox.putAll(tx, outbox),
  ]);
}
