import { multipartChecksum, s3Error, type objectStorage, type ReplyOf, type RequestOf } from '@coffer/contracts';
import { sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import { freshBucket, isBucketId, noSuchBucket } from '../buckets/bucket-row.ts';
import type { Deps } from '../deps.ts';
import { ownerOf } from '../objects/place-versions.ts';
import { isStorableKey } from '../shared/keys.ts';
import { forMutation, withLocks } from '../shared/locks.ts';
import { newUploadId } from '../shared/opaque-ids.ts';
import { asBuffer } from '../versions/version-row.ts';

type CreateReply = ReplyOf<typeof objectStorage.createUpload>;

registerFailpoints('object-storage.create-upload.before-commit', 'object-storage.create-upload.before-reply');

const insert = sql(
  'multipart.insert',
  `INSERT INTO uploads (bucket_id, key, upload_id, internal_version_id, initiated_at, initiator_arn, initiator_id,
     owner_account_id, owner_canonical_id, headers, metadata, tags, encryption, wrapped_data_key, checksum_algorithm, checksum_type)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
);

/** Begins a multipart upload. */
export async function createUpload(
  deps: Deps,
  message: RequestOf<typeof objectStorage.createUpload>,
): Promise<CreateReply> {
  const { revision, key, checksum, caller } = message;
  const { bucketId } = revision;
  if (!isBucketId(bucketId)) throw noSuchBucket(message.draft.bucket);
  if (!isStorableKey(key)) throw s3Error('InvalidURI');
  if (checksum) multipartChecksum(checksum.algorithm, checksum.type);
  const created = await withLocks(deps, forMutation([{ bucketId, key }]), async (tx) => {
    const earlier = (await deps.outbox.replies([caller.requestId], tx)).get(caller.requestId);
    if (earlier) return earlier.reply as CreateReply;
    const bucket = await freshBucket(tx, revision, message.draft.bucket);
    const owner = ownerOf(message, bucket);
    const { wrappedDataKey, ...encryption } = message.encryption;
    const reply = { uploadId: newUploadId(message.time) };
    await Promise.all([
      tx.execute(insert, [
        bucketId,
        key,
        reply.uploadId,
        message.internalVersionId,
        message.time,
        caller.principal.arn,
        initiatorId(caller.principal),
        owner.accountId,
        owner.canonicalId,
        JSON.stringify(message.headers),
        JSON.stringify(message.metadata),
        JSON.stringify(message.tags),
        JSON.stringify(encryption),
        asBuffer(wrappedDataKey),
        checksum?.algorithm ?? null,
        checksum?.type ?? null,
      ]),
      deps.outbox.put(tx, { requestId: caller.requestId, draft: { ...message.draft, status: 200 }, reply }),
    ]);
    failpoint('object-storage.create-upload.before-commit');
    return reply;
  });
  failpoint('object-storage.create-upload.before-reply');
  return created;
}

/** Listings name an account by its canonical id and a user by its ARN. */
function initiatorId(principal: { kind: string; arn: string; canonicalId: string }): string {
  return principal.kind === 'root' || principal.kind === 'anonymous' ? principal.canonicalId : principal.arn;
}
