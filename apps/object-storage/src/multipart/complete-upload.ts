import { isFault, s3Error, type objectStorage, type ReplyOf, type RequestOf } from '@coffer/contracts';
import { sql, type Sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import { freshBucket, isBucketId, noSuchBucket } from '../buckets/bucket-row.ts';
import type { Deps } from '../deps.ts';
import { placeWithGrants } from '../objects/place-with-grants.ts';
import { placeVersions, replayed, type Placed } from '../objects/place-versions.ts';
import { isStorableKey } from '../shared/keys.ts';
import { forMutation, withLocks } from '../shared/locks.ts';
import { wholeSeconds } from '../versions/version-row.ts';
import { checkParts, type CheckedObject, type StoredPart } from './check-parts.ts';
import { dropUpload } from './drop-upload.ts';
import {
  declaredChecksum,
  encryptionOf,
  noSuchUpload,
  requireUpload,
  type UploadName,
  type UploadRow,
} from './upload-row.ts';

type CompleteRequest = RequestOf<typeof objectStorage.completeUpload>;
type CompleteReply = ReplyOf<typeof objectStorage.completeUpload>;

registerFailpoints('object-storage.complete-upload.before-commit', 'object-storage.complete-upload.before-reply');

const DAY_MS = 86_400_000;

const readParts = sql(
  'multipart.readParts',
  'SELECT part_number, size, etag, checksum_algorithm, checksum_value FROM upload_parts WHERE bucket_id = $1 AND upload_id = $2',
);
// Parts are numbered anew from 1, as readers count them, and know their place in the object.
const moveParts = sql(
  'multipart.moveParts',
  `WITH moved AS (
     DELETE FROM upload_parts WHERE bucket_id = $1 AND upload_id = $2 AND part_number = ANY ($4::int[]) RETURNING *)
   INSERT INTO version_parts (bucket_id, internal_version_id, part_number, start_offset, size, checksum, blob_id, body, sealed_size, header)
   SELECT bucket_id, $3, row_number() OVER listed, sum(size) OVER listed - size, size, checksum_value, blob_id, body,
          sealed_size, header
     FROM moved WINDOW listed AS (ORDER BY part_number)`,
);
const findCompleted = sql(
  'multipart.findCompleted',
  `SELECT reply FROM completed_uploads WHERE bucket_id = $1 AND key = $2 AND upload_id = $3
      AND completed_at > statement_timestamp() - interval '1 day'`,
);
const insertCompleted = sql(
  'multipart.insertCompleted',
  'INSERT INTO completed_uploads (bucket_id, key, upload_id, reply) VALUES ($1, $2, $3, $4)',
);

async function completedBefore(tx: Sql, upload: UploadName): Promise<CompleteReply | undefined> {
  const [row] = await tx.query<{ reply: CompleteReply }>(findCompleted, [upload.bucketId, upload.key, upload.uploadId]);
  return row?.reply;
}

function nameOf({ revision, key, uploadId }: CompleteRequest): UploadName {
  return { bucketId: revision.bucketId, key, uploadId };
}

async function attempt(
  deps: Deps,
  tx: Sql,
  message: CompleteRequest,
  granted: ReadonlyMap<string, string>,
): Promise<Placed> {
  const { uploadId, caller } = message;
  const name = nameOf(message);
  const earlier = (await deps.outbox.replies([caller.requestId], tx)).get(caller.requestId);
  if (earlier) return replayed(earlier.reply);
  await freshBucket(tx, message.revision, message.draft.bucket);
  const completed = await completedBefore(tx, name);
  if (completed) {
    // Nothing changes any more, but this too is a request with a record of its own.
    const { versionId, size } = completed;
    const draft = {
      ...message.draft,
      status: 200,
      objectSize: size,
      ...(versionId === undefined ? {} : { versionId }),
    };
    await deps.outbox.put(tx, { requestId: caller.requestId, draft, reply: completed });
    return { reply: completed, replayed: true };
  }
  const upload = await requireUpload(tx, name);
  const stored = await tx.query<StoredPart>(readParts, [name.bucketId, uploadId]);
  const object = checkParts(message, declaredChecksum(upload), new Map(stored.map((part) => [part.part_number, part])));
  const [placed] = await placeVersions(deps, tx, [newVersion(message, upload, object)], granted);
  if (!placed) throw s3Error('InternalError');
  if ('reply' in placed) await finish(tx, name, upload, object, placed.reply);
  failpoint('object-storage.complete-upload.before-commit');
  return placed;
}

function newVersion(message: CompleteRequest, upload: UploadRow, object: CheckedObject) {
  // AWS: the date of a multipart object is the one at which its upload began.
  const lastModified = wholeSeconds(upload.initiated_at);
  return {
    revision: message.revision,
    caller: message.caller,
    key: upload.key,
    internalVersionId: upload.internal_version_id,
    partsCount: object.parts.length,
    size: object.size,
    etag: object.etag,
    lastModified,
    headers: upload.headers,
    metadata: upload.metadata,
    tags: upload.tags,
    checksum: object.checksum,
    encryption: encryptionOf(upload),
    owner: { accountId: upload.owner_account_id, canonicalId: upload.owner_canonical_id },
    conditions: message.conditions,
    draft: message.draft,
    keepReplyMs: DAY_MS,
    reply: (placed: { versionId?: string }): CompleteReply => ({
      ...placed,
      etag: object.etag,
      size: object.size,
      lastModified,
      tagCount: upload.tags.length,
      ...(object.checksum ? { checksum: object.checksum } : {}),
    }),
  };
}

/** The listed parts become the version's, the others go with the upload. */
async function finish(
  tx: Sql,
  name: UploadName,
  upload: UploadRow,
  object: CheckedObject,
  reply: object,
): Promise<void> {
  const { bucketId, key, uploadId } = name;
  const numbers = object.parts.map((part) => part.part_number);
  await Promise.all([
    tx.execute(moveParts, [bucketId, uploadId, upload.internal_version_id, numbers]),
    dropUpload(tx, name),
    tx.execute(insertCompleted, [bucketId, key, uploadId, JSON.stringify(reply)]),
  ]);
}

/**
 * Makes an upload's parts one object. Repeating it within a day, as clients do after a lost reply, gives the same
 * success even as another request.
 *
 * One transaction: after a crash the upload is either as it was or an object.
 */
export async function completeUpload(deps: Deps, message: CompleteRequest): Promise<CompleteReply> {
  if (!isBucketId(message.revision.bucketId)) throw noSuchBucket(message.draft.bucket);
  if (!isStorableKey(message.key)) throw noSuchUpload(message.uploadId);
  const name = nameOf(message);
  const [result] = await placeWithGrants(deps, [message], async (_, granted) => [
    await withLocks(deps, forMutation([name], [name]), (tx) => attempt(deps, tx, message, granted)).catch(
      (error: unknown): Placed => {
        if (!isFault(error)) throw error;
        return { fault: error };
      },
    ),
  ]);
  failpoint('object-storage.complete-upload.before-reply');
  if (result === undefined || isFault(result)) throw result ?? s3Error('InternalError');
  return result as CompleteReply;
}
