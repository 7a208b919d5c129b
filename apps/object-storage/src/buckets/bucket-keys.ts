import { Fault, type BucketKey } from '@coffer/contracts';
import { sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Deps } from '../deps.ts';
import { forChange, withLocks } from '../shared/locks.ts';
import { findBuckets, isBucketId, noSuchBucket } from './bucket-row.ts';

registerFailpoints('object-storage.offer-bucket-key.before-reply');

const insertKey = sql(
  'bucketKeys.insert',
  'INSERT INTO bucket_keys (bucket_id, key_id, wrapped, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
);
// A rotation moves the revision, so that every gateway learns of it; the first key need not, since nobody had another.
const setKey = sql(
  'bucketKeys.set',
  'UPDATE buckets SET bucket_key_id = $2, revision = revision + CASE WHEN bucket_key_id IS NULL THEN 0 ELSE 1 END WHERE bucket_id = $1',
);
const findKey = sql(
  'bucketKeys.find',
  'SELECT key_id, wrapped, created_at FROM bucket_keys WHERE bucket_id = $1 AND key_id = $2',
);

/** Stores the first key, or the one that follows `replaces`; otherwise answers with the key that is there. */
export async function offerBucketKey(
  deps: Deps,
  message: { bucketId: string; key: BucketKey; replaces?: string | undefined },
): Promise<{ key: BucketKey }> {
  if (!isBucketId(message.bucketId)) throw noSuchBucket(undefined);
  const stored = await withLocks(deps, forChange(message.bucketId), async (tx) => {
    const bucket = (await findBuckets(tx, [message.bucketId])).get(message.bucketId);
    if (!bucket) throw noSuchBucket(undefined);
    if (
      bucket.bucket_key_id !== null &&
      bucket.bucket_key_id !== message.replaces &&
      bucket.bucket_key_wrapped !== null
    ) {
      return {
        key: {
          id: bucket.bucket_key_id,
          wrapped: bucket.bucket_key_wrapped,
          createdAt: bucket.bucket_key_created_at ?? 0,
        },
      };
    }
    const { key } = message;
    const inserted = await tx.execute(insertKey, [message.bucketId, key.id, Buffer.from(key.wrapped), key.createdAt]);
    // An id is never used for two keys: what was sealed under the first would be lost.
    if (inserted === 0) throw new Fault('Internal', 'The bucket has another key of this id.');
    await tx.execute(setKey, [message.bucketId, key.id]);
    return { key };
  });
  failpoint('object-storage.offer-bucket-key.before-reply');
  return stored;
}

/** A key by its id, current or not. @throws Fault NoSuchBucketKey */
export async function findBucketKey(
  deps: Deps,
  message: { bucketId: string; keyId: string },
): Promise<{ key: BucketKey }> {
  const [row] = isBucketId(message.bucketId)
    ? await deps.db.query<{ key_id: string; wrapped: Buffer; created_at: number }>(findKey, [
        message.bucketId,
        message.keyId,
      ])
    : [];
  if (!row) throw new Fault('NoSuchBucketKey', 'The bucket has no key of this id.', { status: 404 });
  return { key: { id: row.key_id, wrapped: row.wrapped, createdAt: row.created_at } };
}
