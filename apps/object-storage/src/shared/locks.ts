import { sql, type Sql } from '@coffer/database';
import { createHash } from 'node:crypto';

/*
 * Locks are Postgres advisory locks that end with their transaction: they cost no write, and unlike row locks they are
 * granted in the order of asking, so that a stream of commits cannot starve a configuration change.
 *
 *   bucket  shared     every mutation of objects: the configuration it was decided under stays while it lasts
 *   bucket  exclusive  configuration changes, DeleteBucket, and deletes of very many keys
 *   key     exclusive  commit, delete, complete, tags: whoever holds it sees and orders the versions of that key
 *   upload  exclusive  parts of one multipart upload, completion, abort (in the space of the keys)
 *
 * Taken in this order, each kind ascending, hence without deadlocks. A collision of two hashes only makes one wait.
 */

/** Above this many keys the bucket is taken exclusively instead, to spare the server's lock table (some 6,400 entries). */
const MAX_KEY_LOCKS = 300;

const lockKeys = sql('locks.keys', 'SELECT lock_keys($1::int[], $2::bigint[])');
const lockBucket = sql('locks.bucket', 'SELECT pg_advisory_xact_lock(7, $1::int)');
const lockAccount = sql('locks.account', 'SELECT pg_advisory_xact_lock(8, $1::int)');

function hash64(text: string): bigint {
  return createHash('sha256').update(text).digest().readBigInt64BE(0);
}

function hash32(text: string): number {
  return createHash('sha256').update(text).digest().readInt32BE(0);
}

export interface KeyRef {
  bucketId: string;
  key: string;
}

export interface UploadRef {
  bucketId: string;
  uploadId: string;
}

export async function lockForMutation(
  tx: Sql,
  keys: readonly KeyRef[],
  uploads: readonly UploadRef[] = [],
): Promise<void> {
  const buckets = new Set<string>();
  const hashes = new Set<bigint>();
  for (const { bucketId, key } of keys) {
    buckets.add(bucketId);
    hashes.add(hash64(`key\0${bucketId}\0${key}`));
  }
  for (const { bucketId, uploadId } of uploads) {
    buckets.add(bucketId);
    hashes.add(hash64(`upload\0${bucketId}\0${uploadId}`));
  }
  if (buckets.size === 1 && hashes.size > MAX_KEY_LOCKS) {
    for (const bucketId of buckets) await lockForChange(tx, bucketId);
    return;
  }
  const bucketLocks = [...new Set([...buckets].map(hash32))].sort((a, b) => a - b);
  const keyLocks = [...hashes].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).map(String);
  await tx.query(lockKeys, [bucketLocks, keyLocks]);
}

/** Waits until no mutation of the bucket's objects is under way, and keeps others out until the transaction ends. */
export async function lockForChange(tx: Sql, bucketId: string): Promise<void> {
  await tx.query(lockBucket, [hash32(bucketId)]);
}

/** Serialises what counts an account's buckets. */
export async function lockAccountBuckets(tx: Sql, accountId: string): Promise<void> {
  await tx.query(lockAccount, [hash32(accountId)]);
}
