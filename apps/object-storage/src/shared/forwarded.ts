import { Fault, type Forwarded, type ForwardedReply, type RequestRecord } from '@coffer/contracts';
import type { Sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import { bucketOf, findBuckets, isFresh, staleContext, type BucketRow } from '../buckets/bucket-row.ts';
import type { Deps } from '../deps.ts';
import { forChange, forMutation, withLocks, type Locks } from './locks.ts';

registerFailpoints('object-storage.change.before-commit', 'object-storage.change.before-reply');

/** An operation's output, by AWS's member names; members that are undefined are left out on the wire. */
export type Output = Record<string, unknown>;

/** The record's draft of a mutation; the gateway always sends one. */
export function draftOf(message: Forwarded): RequestRecord {
  if (!message.draft) throw new Fault('InvalidMessage', 'A mutation needs the draft of its record.');
  return message.draft;
}

/** Reads the configuration of the bucket of the message. */
export async function readBucket(
  deps: Deps,
  message: Forwarded,
  read: (bucket: BucketRow) => Promise<Output> | Output,
): Promise<ForwardedReply> {
  return { output: await read(await bucketOf(deps.db, message)) };
}

/**
 * Reads what is in the bucket of the message. Configuration and contents are seen as of one moment: what was written after
 * the reader had lost the right to see it is never shown under the configuration of before.
 */
export async function readContents(
  deps: Deps,
  message: Forwarded,
  read: (tx: Sql, bucket: BucketRow) => Promise<Output>,
): Promise<ForwardedReply> {
  return await deps.db.transaction(async (tx) => ({ output: await read(tx, await bucketOf(tx, message)) }), {
    isolation: 'repeatable read',
    readOnly: true,
  });
}

/** The bucket to lock. Without a revision it is found by its name first; what counts is read again under the lock. */
async function bucketIdOf(runner: Sql, message: Forwarded): Promise<string> {
  return message.revision?.bucketId ?? (await bucketOf(runner, message)).bucket_id;
}

/** @throws Fault NoSuchBucket, StaleContext; also when the name belongs to another bucket than the locked one by now */
async function lockedBucket(tx: Sql, message: Forwarded, bucketId: string): Promise<BucketRow> {
  const bucket = (await findBuckets(tx, [bucketId])).get(bucketId);
  if (bucket && (!message.revision || isFresh(bucket, message.revision))) return bucket;
  const other = await bucketOf(tx, message);
  throw staleContext(other);
}

export interface Change {
  output?: Output;
  /** HTTP status of the success, for the record. */
  status?: number;
  /** What the owner knows better than the gateway. */
  draft?: Partial<RequestRecord>;
}

/** A mutation under the locks of `locksOf`: repeated requests get the first reply, the draft commits with the change. */
export async function mutate(
  deps: Deps,
  message: Forwarded,
  locksOf: (bucketId: string) => Locks,
  work: (tx: Sql, bucket: BucketRow) => Promise<Change>,
): Promise<ForwardedReply> {
  const draft = draftOf(message);
  const { requestId } = message.caller;
  const earlier = await deps.outbox.reply(requestId);
  if (earlier) return earlier.reply as ForwardedReply;
  const bucketId = await bucketIdOf(deps.db, message);
  const reply = await withLocks(deps, locksOf(bucketId), async (tx) => {
    // Before the bucket is looked at: what an earlier copy of this request did to it must not make this one fail.
    const repeated = (await deps.outbox.replies([requestId], tx)).get(requestId);
    if (repeated) return repeated.reply as ForwardedReply;
    const bucket = await lockedBucket(tx, message, bucketId);
    const change = await work(tx, bucket);
    const reply: ForwardedReply = { output: change.output ?? {} };
    await deps.outbox.put(tx, {
      requestId,
      draft: { ...draft, bucketId: bucket.bucket_id, status: change.status ?? 200, ...change.draft },
      reply,
    });
    failpoint('object-storage.change.before-commit');
    return reply;
  });
  failpoint('object-storage.change.before-reply');
  return reply;
}

/** Changes a bucket's configuration, alone: what was decided under the old one is stale once this commits. */
export function changeBucket(
  deps: Deps,
  message: Forwarded,
  work: (tx: Sql, bucket: BucketRow) => Promise<Change>,
): Promise<ForwardedReply> {
  return mutate(deps, message, forChange, work);
}

/** Changes something of one key. */
export function changeKey(
  deps: Deps,
  message: Forwarded,
  key: string,
  work: (tx: Sql, bucket: BucketRow) => Promise<Change>,
): Promise<ForwardedReply> {
  return mutate(deps, message, (bucketId) => forMutation([{ bucketId, key }]), work);
}
