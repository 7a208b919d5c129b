import { mustWait, type Fault } from '@coffer/contracts';
import { sql, type Sql } from '@coffer/database';
import { createHash } from 'node:crypto';
import type { Deps } from '../deps.ts';

/*
 * Locks are Postgres advisory locks that end with their transaction: they cost no write, and unlike row locks they are
 * granted in the order of asking, so that a stream of commits cannot starve a configuration change.
 *
 *   bucket  shared     every mutation of objects: the configuration it was decided under stays while it lasts
 *   bucket  exclusive  configuration changes, DeleteBucket, and deletes of very many keys
 *   key     exclusive  commit, delete, complete, tags: whoever holds it sees and orders the versions of that key
 *   upload  exclusive  parts of one multipart upload, completion, abort (in the space of the keys)
 *   account exclusive  CreateBucket, alone: how many buckets the account has stays while it lasts
 *
 * Taken in this order, each kind ascending, hence without deadlocks. A collision of two hashes only makes one wait.
 */

/** Above this many keys the bucket is taken exclusively instead, to spare the server's lock table (some 6,400 entries). */
const MAX_KEY_LOCKS = 300;

const lockKeys = sql('locks.keys', 'SELECT lock_keys($1::int[], $2::bigint[])');
const tryKeys = sql('locks.tryKeys', 'SELECT try_lock_keys($1::int[], $2::bigint[]) AS got');
const lockBucket = sql('locks.bucket', 'SELECT pg_advisory_xact_lock(7, $1::int)');
const tryBucket = sql('locks.tryBucket', 'SELECT pg_try_advisory_xact_lock(7, $1::int) AS got');
const lockAccount = sql('locks.account', 'SELECT pg_advisory_xact_lock(8, $1::int)');
const tryAccount = sql('locks.tryAccount', 'SELECT pg_try_advisory_xact_lock(8, $1::int) AS got');

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

/** The locks of a piece of work. */
export interface Locks {
  /** Whose connections may wait for these locks together. */
  readonly place: string;
  /** Takes them if all are free; what was taken of them goes with the transaction. */
  attempt(tx: Sql): Promise<boolean>;
  /** Waits for them. */
  take(tx: Sql): Promise<void>;
}

/** For a mutation of objects: their buckets shared, their keys and uploads alone. */
export function forMutation(keys: readonly KeyRef[], uploads: readonly UploadRef[] = []): Locks {
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
  const [first] = buckets;
  if (first !== undefined && buckets.size === 1 && hashes.size > MAX_KEY_LOCKS) return forChange(first);
  const values = [
    [...new Set([...buckets].map(hash32))].sort((a, b) => a - b),
    [...hashes].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).map(String),
  ];
  return {
    place: [...buckets].toSorted().join(' '),
    attempt: async (tx) => (await tx.query<{ got: boolean }>(tryKeys, values))[0]?.got === true,
    take: async (tx) => void (await tx.query(lockKeys, values)),
  };
}

/** For a change that no mutation of the bucket's objects may overlap with. */
export function forChange(bucketId: string): Locks {
  const values = [hash32(bucketId)];
  return {
    place: bucketId,
    attempt: async (tx) => (await tx.query<{ got: boolean }>(tryBucket, values))[0]?.got === true,
    take: async (tx) => void (await tx.query(lockBucket, values)),
  };
}

/** For what counts an account's buckets. */
export function forAccountBuckets(accountId: string): Locks {
  const values = [hash32(accountId)];
  return {
    place: `account ${accountId}`,
    attempt: async (tx) => (await tx.query<{ got: boolean }>(tryAccount, values))[0]?.got === true,
    take: async (tx) => void (await tx.query(lockAccount, values)),
  };
}

class NotFree extends Error {}

/**
 * Runs the work in a transaction that holds the locks. They are free nearly always, and then this costs nothing beside
 * taking them. When they are not, the connection goes back, and waits only while there is a seat in the waiting room: a
 * bucket whose lock is held for long must not use up the connections that the other buckets need.
 * @throws Fault SlowDown, or Postgres' lock_not_available, when they do not become free in time
 */
export async function withLocks<T>(
  deps: Pick<Deps, 'db' | 'waiting'>,
  locks: Locks,
  work: (tx: Sql) => Promise<T>,
): Promise<T> {
  try {
    return await deps.db.transaction(async (tx) => {
      if (!(await locks.attempt(tx))) throw new NotFree();
      return await work(tx);
    });
  } catch (error) {
    if (!(error instanceof NotFree)) throw error;
  }
  const leave = await deps.waiting.enter(locks.place);
  try {
    return await deps.db.transaction(async (tx) => {
      await locks.take(tx);
      leave();
      return await work(tx);
    });
  } finally {
    leave();
  }
}

/**
 * The same for a batch, each element with its own result. When all of it is of one bucket it waits for its locks. When
 * not it never waits: for the elements of a bucket whose locks are not free the result is `mustWait`, and nothing is
 * done for them.
 */
export async function withLocksOfBatch<E, Result>(
  deps: Pick<Deps, 'db' | 'waiting'>,
  batch: readonly E[],
  parts: {
    bucketOf: (element: E) => string;
    locksOf: (some: readonly E[]) => Locks;
    mayWait: boolean;
    work: (tx: Sql, some: readonly E[]) => Promise<Result[]>;
  },
): Promise<(Result | { fault: Fault })[]> {
  const { bucketOf, locksOf, mayWait, work } = parts;
  const all = locksOf(batch);
  if (mayWait) return await withLocks(deps, all, (tx) => work(tx, batch));
  return await deps.db.transaction(async (tx) => {
    if (await all.attempt(tx)) return await work(tx, batch);
    const groups = Map.groupBy(batch, bucketOf);
    const free = new Set<string>();
    const attempts = [...groups].map(async ([bucket, some]) => {
      if (await locksOf(some).attempt(tx)) free.add(bucket);
    });
    await Promise.all(attempts);
    const done = await work(
      tx,
      batch.filter((element) => free.has(bucketOf(element))),
    );
    let next = 0;
    return batch.map((element) => (free.has(bucketOf(element)) ? (done[next++] as Result) : { fault: mustWait() }));
  });
}

/** Whether a batch is of one bucket, so that nobody else is held up when it waits. */
export function isOfOneBucket(bucketIds: readonly string[]): boolean {
  return new Set(bucketIds).size <= 1;
}
