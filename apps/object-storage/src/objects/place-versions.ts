import {
  s3Error,
  type Body,
  type Caller,
  type Checksum,
  type Encryption,
  type Fault,
  type RequestRecord,
  type Revision,
  type Tag,
} from '@coffer/contracts';
import { sql, type OutboxEntry, type Sql } from '@coffer/database';
import { findBuckets, goneOrReplaced, isFresh, staleContext, type BucketRow } from '../buckets/bucket-row.ts';
import type { Deps } from '../deps.ts';
import { removeVersions, type Removal } from '../destruction/remove-versions.ts';
import type { VersionRef } from '../destruction/gate.ts';
import { requireDistinct } from '../shared/distinct.ts';
import { keptRefusal, refusalIn } from '../shared/refusals.ts';
import { NULL_VERSION } from '../shared/opaque-ids.ts';
import {
  afterPlacement,
  placementFor,
  refusedByConditions,
  type KeyState,
  type WriteConditions,
} from './decide-placement.ts';
import { readPlaces } from './read-places.ts';
import {
  claimBlobs,
  insertVersions,
  setLatest,
  type BlobClaim,
  type PlaceRef,
  type VersionToWrite,
} from './write-versions.ts';

/** A version that wants to become the newest of its key. */
export interface NewVersion {
  revision: Revision;
  caller: Caller;
  key: string;
  internalVersionId: string;
  /** Absent when the bytes are in parts. */
  body?: Body | undefined;
  partsCount?: number | undefined;
  size: number;
  etag: string;
  lastModified: number;
  headers: Record<string, string>;
  metadata: Record<string, string>;
  tags: readonly Tag[];
  checksum?: Checksum | undefined;
  encryption: Encryption;
  /** Who owns the object where the bucket does not own them all; the caller when absent. */
  owner?: { accountId: string; canonicalId: string } | undefined;
  conditions?: WriteConditions | undefined;
  draft: RequestRecord;
  /** How long a repeated call is answered with the first reply; the outbox's own time when absent. */
  keepReplyMs?: number | undefined;
  /** What the caller is answered with, and a repeated call again. */
  reply: (placed: { versionId?: string }) => Record<string, unknown>;
}

export type Placed =
  | { reply: Record<string, unknown>; replayed: boolean }
  /** `kept`: stored as the request's reply in this transaction. */
  | { fault: Fault; kept?: true }
  /** Governance must grant the destruction of this version first. */
  | { needsGrant: VersionRef }
  /** Overwrites what an earlier element of this batch wrote into a protected bucket: decided once that has committed. */
  | { again: true };

const knownKeys = sql(
  'objects.knownBucketKeys',
  `SELECT r.ord::int AS ord FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS r (bucket_id, key_id, ord)
    WHERE EXISTS (SELECT FROM bucket_keys k WHERE k.bucket_id = r.bucket_id AND k.key_id = r.key_id)`,
);

interface Facts {
  buckets: Map<string, BucketRow>;
  replies: Map<string, { reply: unknown }>;
  states: KeyState[];
  /** Positions of the elements whose bucket key is stored. */
  keyKnown: Set<number>;
  /** By position, why the bucket is not there. */
  gone: Map<number, Fault>;
}

/** Everything the decision needs, in one round trip (and one more for each bucket that is gone). */
async function readFacts(deps: Deps, tx: Sql, elements: readonly NewVersion[]): Promise<Facts> {
  const bucketIds = elements.map((element) => element.revision.bucketId);
  const [buckets, replies, states, keyRows] = await Promise.all([
    findBuckets(tx, bucketIds),
    deps.outbox.replies(
      elements.map((element) => element.caller.requestId),
      tx,
    ),
    readPlaces(
      tx,
      elements.map((element) => ({ bucketId: element.revision.bucketId, key: element.key })),
    ),
    tx.query<{ ord: number }>(knownKeys, [bucketIds, elements.map((element) => element.encryption.bucketKeyId)]),
  ]);
  const gone = new Map<number, Fault>();
  for (const [index, element] of elements.entries()) {
    if (!buckets.has(element.revision.bucketId)) gone.set(index, await goneOrReplaced(tx, element.draft.bucket));
  }
  return { buckets, replies, states, keyKnown: new Set(keyRows.map((row) => row.ord - 1)), gone };
}

/** What a batch writes, gathered while its elements are decided one after the other. */
interface Writes {
  removals: Removal[];
  unlatest: PlaceRef[];
  versions: Map<string, VersionToWrite>;
  claims: Map<string, BlobClaim>;
  outbox: OutboxEntry[];
}

const placeOf = (bucketId: string, key: string, orderNo: number): string => `${bucketId}\0${orderNo}\0${key}`;

/**
 * Makes versions visible, several of one key in the order given. Each element has its own result. The caller holds the
 * locks of all keys and commits the transaction; bucket ids and keys are known to be well-formed.
 *
 * @param granted internal version ids whose destruction governance granted, with the grant
 */
export async function placeVersions(
  deps: Deps,
  tx: Sql,
  elements: readonly NewVersion[],
  granted: ReadonlyMap<string, string>,
): Promise<Placed[]> {
  requireDistinct(elements.map((element) => element.caller.requestId));
  const facts = await readFacts(deps, tx, elements);
  const writes: Writes = { removals: [], unlatest: [], versions: new Map(), claims: new Map(), outbox: [] };
  const states = new Map<string, KeyState>();
  const results = elements.map((element, index) => {
    const place = placeOf(element.revision.bucketId, element.key, 0);
    const state = states.get(place) ?? facts.states[index] ?? {};
    const decided = decide(deps, facts, element, index, state, writes, granted);
    if (decided.state) states.set(place, decided.state);
    return decided.result;
  });
  await write(deps, tx, writes);
  return results;
}

function decide(
  deps: Deps,
  facts: Facts,
  element: NewVersion,
  index: number,
  state: KeyState,
  writes: Writes,
  granted: ReadonlyMap<string, string>,
): { result: Placed; state?: KeyState } {
  const { bucketId } = element.revision;
  const earlier = facts.replies.get(element.caller.requestId);
  if (earlier) return { result: replayed(earlier.reply) };
  const bucket = facts.buckets.get(bucketId);
  if (!bucket) return { result: { fault: facts.gone.get(index) ?? s3Error('NoSuchBucket') } };
  if (!isFresh(bucket, element.revision) || !facts.keyKnown.has(index))
    return { result: { fault: staleContext(bucket) } };
  const refusal = refusedByConditions(state, element.key, element.conditions);
  if (refusal) {
    writes.outbox.push({
      requestId: element.caller.requestId,
      draft: { ...element.draft, status: refusal.status, errorCode: refusal.code },
      reply: keptRefusal(refusal),
    });
    return { result: { fault: refusal, kept: true } };
  }

  const blobId = element.body?.kind === 'blob' ? element.body.blobId : undefined;
  // The same blob for two versions: one of them would lose its bytes with the other.
  if (blobId !== undefined && writes.claims.has(blobId)) return { result: { fault: s3Error('OperationAborted') } };

  const placement = placementFor(state, bucket.versioning, (orderNo) => deps.ids.newVersionId(orderNo));
  const { replaces } = placement;
  if (replaces) {
    const unseen = writes.versions.has(placeOf(bucketId, element.key, replaces.orderNo));
    if (bucket.protected && unseen) return { result: { again: true } };
    const grantId = granted.get(replaces.internalVersionId);
    if (bucket.protected && grantId === undefined) {
      return { result: { needsGrant: { bucketId, key: element.key, internalVersionId: replaces.internalVersionId } } };
    }
    if (unseen) dropUnseen(writes, placeOf(bucketId, element.key, replaces.orderNo));
    else writes.removals.push({ bucketId, key: element.key, orderNo: replaces.orderNo, grantId });
  }
  if (placement.unlatest !== undefined) stepBack(writes, bucketId, element.key, placement.unlatest);

  writes.versions.set(placeOf(bucketId, element.key, placement.orderNo), versionOf(element, bucket, placement));
  if (blobId !== undefined) writes.claims.set(blobId, { blobId, bucketId, state: 'live' });
  const shown = placement.versionId === NULL_VERSION ? {} : { versionId: placement.versionId };
  const reply = element.reply(shown);
  writes.outbox.push({
    requestId: element.caller.requestId,
    draft: { ...element.draft, ...shown, status: 200, objectSize: element.size },
    reply,
    ...(element.keepReplyMs === undefined ? {} : { keepReplyMs: element.keepReplyMs }),
  });
  return {
    result: { reply, replayed: false },
    state: afterPlacement(state, placement, { ...element, deleteMarker: false }),
  };
}

/** What a request is answered with that was carried out, or refused, before. */
export function replayed(reply: unknown): Placed {
  const refusal = refusalIn(reply);
  return refusal ? { fault: refusal, kept: true } : { reply: reply as Record<string, unknown>, replayed: true };
}

/** Overwritten within the batch: it is never written, and its blob waits for nobody. */
function dropUnseen(writes: Writes, place: string): void {
  const version = writes.versions.get(place);
  writes.versions.delete(place);
  if (version?.body?.kind === 'blob') {
    writes.claims.set(version.body.blobId, {
      blobId: version.body.blobId,
      bucketId: version.bucketId,
      state: 'doomed',
    });
  }
}

function stepBack(writes: Writes, bucketId: string, key: string, orderNo: number): void {
  const unseen = writes.versions.get(placeOf(bucketId, key, orderNo));
  if (unseen) unseen.isLatest = false;
  else writes.unlatest.push({ bucketId, key, orderNo });
}

function versionOf(
  element: NewVersion,
  bucket: BucketRow,
  placement: { orderNo: number; versionId: string },
): VersionToWrite {
  const owner = ownerOf(element, bucket);
  return {
    bucketId: bucket.bucket_id,
    key: element.key,
    orderNo: placement.orderNo,
    versionId: placement.versionId,
    internalVersionId: element.internalVersionId,
    isLatest: true,
    deleteMarker: false,
    size: element.size,
    etag: element.etag,
    lastModified: element.lastModified,
    headers: element.headers,
    metadata: element.metadata,
    tags: element.tags,
    checksum: element.checksum,
    encryption: element.encryption,
    ownerAccountId: owner.accountId,
    ownerCanonicalId: owner.canonicalId,
    body: element.body,
    partsCount: element.partsCount,
  };
}

/** With BucketOwnerEnforced every object belongs to the bucket's owner, and so do those that nobody known wrote. */
export function ownerOf(
  element: { caller: Caller; owner?: { accountId: string; canonicalId: string } | undefined },
  bucket: BucketRow,
): { accountId: string; canonicalId: string } {
  const { principal } = element.caller;
  if (bucket.ownership === 'BucketOwnerEnforced' || (!element.owner && principal.kind === 'anonymous')) {
    return { accountId: bucket.owner_account_id, canonicalId: bucket.owner_canonical_id };
  }
  return element.owner ?? { accountId: principal.accountId, canonicalId: principal.canonicalId };
}

/** All statements travel together; the server runs them in this order. */
async function write(deps: Deps, tx: Sql, writes: Writes): Promise<void> {
  if (writes.outbox.length === 0) return;
  await Promise.all([
    removeVersions(tx, writes.removals),
    setLatest(tx, writes.unlatest, false),
    claimBlobs(tx, [...writes.claims.values()]),
    insertVersions(tx, [...writes.versions.values()]),
    deps.outbox.putAll(tx, writes.outbox),
  ]);
}
