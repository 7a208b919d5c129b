import { objectStorage, s3Error, type ChildEntry, type ReplyOf, type RequestOf } from '@coffer/contracts';
import { sql, type Sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import { randomUUID } from 'node:crypto';
import { freshBucket, isBucketId, noSuchBucket, type BucketRow } from '../buckets/bucket-row.ts';
import type { Deps } from '../deps.ts';
import { ownerOf } from '../objects/place-versions.ts';
import { insertVersions, setLatest, type PlaceRef } from '../objects/write-versions.ts';
import { isStorableKey } from '../shared/keys.ts';
import { forMutation, withLocks } from '../shared/locks.ts';
import { NULL_VERSION } from '../shared/opaque-ids.ts';
import { wholeSeconds } from '../versions/version-row.ts';
import type { DeleteResult, StoredVersion } from './decide-deletion.ts';
import { askGrants, settleGrants } from './gate.ts';
import { KeyHistory, planDeletions, type DeletionPlan, type Verdicts } from './plan-deletions.ts';
import { removeVersions } from './remove-versions.ts';

type DeleteRequest = RequestOf<typeof objectStorage.deleteVersions>;
type DeleteReply = ReplyOf<typeof objectStorage.deleteVersions>;
type EntryResult = DeleteReply['results'][number];

registerFailpoints(
  'object-storage.delete.after-grant',
  'object-storage.delete.before-commit',
  'object-storage.delete.before-settle',
  'object-storage.delete.before-reply',
);

/** Each round under the lock may find further versions to ask about, written since; then the client had better repeat. */
const MAX_ROUNDS = 5;

const columns =
  'v.key, v.order_no, v.version_id, v.internal_version_id, v.is_delete_marker, v.etag, v.size, v.last_modified';

// The newest versions of each key, one more than the request can destroy, so that the next newest is always among them.
const newest = sql(
  'destruction.newest',
  `SELECT ${columns} FROM unnest($2::text[], $3::int[]) AS r (key, wanted)
     JOIN LATERAL (SELECT * FROM versions v WHERE v.bucket_id = $1 AND v.key = r.key
                    ORDER BY v.order_no DESC LIMIT r.wanted) v ON true`,
);
const named = sql(
  'destruction.named',
  `SELECT ${columns} FROM unnest($2::text[], $3::text[]) AS r (key, version_id)
     JOIN LATERAL (SELECT * FROM versions v WHERE v.bucket_id = $1 AND v.key = r.key AND v.version_id = r.version_id
                    LIMIT 1) v ON true`,
);
interface VersionRow {
  key: string;
  order_no: number;
  version_id: string;
  internal_version_id: string;
  is_delete_marker: boolean;
  etag: string;
  size: number;
  last_modified: number;
}

/** The keys' histories, as far as these entries can need them. */
async function readHistories(
  tx: Sql,
  bucketId: string,
  entries: DeleteRequest['entries'],
): Promise<Map<string, KeyHistory>> {
  const wanted = new Map<string, number>();
  const names: { key: string; versionId: string }[] = [];
  for (const { key, versionId } of entries) {
    wanted.set(key, (wanted.get(key) ?? 1) + 1);
    // Without an id, the null version may be what goes.
    names.push({ key, versionId: versionId?.includes('\0') ? '' : (versionId ?? NULL_VERSION) });
  }
  const [top, byName] = await Promise.all([
    tx.query<VersionRow>(newest, [bucketId, [...wanted.keys()], [...wanted.values()]]),
    tx.query<VersionRow>(named, [bucketId, names.map((name) => name.key), names.map((name) => name.versionId)]),
  ]);
  const byKey = new Map<string, Map<number, StoredVersion>>();
  for (const row of [...top, ...byName]) {
    const versions = byKey.get(row.key) ?? new Map<number, StoredVersion>();
    byKey.set(row.key, versions);
    versions.set(row.order_no, {
      orderNo: row.order_no,
      versionId: row.version_id,
      internalVersionId: row.internal_version_id,
      deleteMarker: row.is_delete_marker,
      etag: row.etag,
      size: row.size,
      lastModified: row.last_modified,
    });
  }
  return new Map([...byKey].map(([key, versions]) => [key, new KeyHistory(key, [...versions.values()])]));
}

async function write(
  tx: Sql,
  message: DeleteRequest,
  bucket: BucketRow,
  histories: readonly KeyHistory[],
  verdicts: Verdicts,
): Promise<void> {
  const bucketId = bucket.bucket_id;
  const place = (history: KeyHistory, version: StoredVersion): PlaceRef => ({
    bucketId,
    key: history.key,
    orderNo: version.orderNo,
  });
  const stepsBack = histories.flatMap((history) => {
    const { storedLatest: stored } = history;
    const stays = stored && stored !== history.latest && !history.destroyed.includes(stored);
    return stays ? [place(history, stored)] : [];
  });
  const becomesLatest = histories.flatMap((history) => {
    const { latest } = history;
    return latest && latest !== history.storedLatest && !history.isUnseen(latest) ? [place(history, latest)] : [];
  });
  const owner = ownerOf(message, bucket);
  const markers = histories.flatMap((history) =>
    history.markers.map((marker) => ({
      ...marker,
      bucketId,
      key: history.key,
      isLatest: marker === history.latest,
      headers: {},
      metadata: {},
      tags: [],
      ownerAccountId: owner.accountId,
      ownerCanonicalId: owner.canonicalId,
    })),
  );
  await Promise.all([
    removeVersions(
      tx,
      histories.flatMap((history) =>
        history.destroyed.map((version) => {
          const verdict = verdicts.get(version.internalVersionId);
          return { ...place(history, version), grantId: verdict && 'grantId' in verdict ? verdict.grantId : undefined };
        }),
      ),
    ),
    setLatest(tx, stepsBack, false),
    setLatest(tx, becomesLatest, true),
    insertVersions(tx, markers),
  ]);
}

function shown(result: DeleteResult): EntryResult {
  const { fault, ...rest } = result;
  if (!fault) return rest;
  return { error: { code: fault.code, message: fault.message, status: fault.status, extras: fault.extras } };
}

function childrenOf(message: DeleteRequest, results: readonly EntryResult[]): ChildEntry[] {
  return message.entries.map((entry, index) => {
    const result = results[index];
    const versionId = result?.versionId ?? entry.versionId;
    return {
      operation: 'DeleteObject',
      ...(message.draft.bucket === undefined ? {} : { bucket: message.draft.bucket }),
      key: entry.key,
      ...(versionId === undefined ? {} : { versionId }),
      ...(result?.deleteMarker ? { deleteMarker: true } : {}),
      status: result?.error?.status ?? 204,
      ...(result?.error ? { errorCode: result.error.code } : {}),
    };
  });
}

function replyOf(message: DeleteRequest, plan: DeletionPlan, multi: boolean): DeleteReply {
  const results = plan.results.map(shown);
  return multi ? { results, children: childrenOf(message, results) } : { results };
}

function draftOf(message: DeleteRequest, reply: DeleteReply): object {
  if (reply.children) return { ...message.draft, status: 200, children: reply.children };
  const { versionId, error } = reply.results[0] ?? {};
  if (error) return { ...message.draft, status: error.status, errorCode: error.code };
  return { ...message.draft, status: 204, ...(versionId === undefined ? {} : { versionId }) };
}

/**
 * DeleteObject and DeleteObjects by the table of versioning states, in one transaction.
 *
 * In a protected bucket: grant, then delete, then settle. A crash after the grant leaves a grant that the roll-forward
 * carries out; one after the commit leaves one that it settles.
 */
export async function deleteVersions(deps: Deps, message: DeleteRequest): Promise<DeleteReply> {
  const { bucketId } = message.revision;
  if (!isBucketId(bucketId)) throw noSuchBucket(message.draft.bucket);
  const keys = message.entries.filter((entry) => isStorableKey(entry.key)).map(({ key }) => ({ bucketId, key }));
  const locks = forMutation(keys.length === 0 ? [{ bucketId, key: '' }] : keys);
  const verdicts = new Map<string, { grantId: string } | { fault: ReturnType<typeof s3Error> }>();
  for (let rounds = 0; rounds < MAX_ROUNDS; rounds += 1) {
    const done = await withLocks(deps, locks, (tx) => attempt(deps, tx, message, verdicts));
    if ('reply' in done) {
      failpoint('object-storage.delete.before-settle');
      if (done.carriedOut.length > 0) await settleGrants(deps, done.carriedOut);
      failpoint('object-storage.delete.before-reply');
      return done.reply;
    }
    const answers = await askGrants(
      deps,
      { ...message, purpose: 'delete' },
      done.toAsk.map((version) => ({ bucketId, ...version })),
    );
    for (const [index, version] of done.toAsk.entries()) {
      verdicts.set(version.internalVersionId, answers[index] ?? { fault: s3Error('ServiceUnavailable') });
    }
    failpoint('object-storage.delete.after-grant');
  }
  throw s3Error('OperationAborted');
}

type Attempt = { reply: DeleteReply; carriedOut: string[] } | Pick<DeletionPlan, 'toAsk'>;

async function attempt(deps: Deps, tx: Sql, message: DeleteRequest, verdicts: Verdicts): Promise<Attempt> {
  const { bucketId } = message.revision;
  const { requestId } = message.caller;
  const entries = message.entries.filter((entry) => isStorableKey(entry.key));
  const earlier = (await deps.outbox.replies([requestId], tx)).get(requestId);
  if (earlier) return { reply: earlier.reply as DeleteReply, carriedOut: grantsOf(verdicts) };
  const [bucket, histories] = await Promise.all([
    freshBucket(tx, message.revision, message.draft.bucket),
    readHistories(tx, bucketId, entries),
  ]);
  const multi = message.draft.operation === 'DeleteObjects';
  const plan = planDeletions({
    entries: message.entries,
    histories: withMissing(histories, entries),
    versioning: bucket.versioning,
    protected: bucket.protected,
    verdicts,
    ids: deps.ids,
    multi,
    newInternalId: randomUUID,
    time: wholeSeconds(message.time),
  });
  if (plan.toAsk.length > 0) return { toAsk: plan.toAsk };
  const reply = replyOf(message, plan, multi);
  // Also when every entry is refused: the answer is one that the record's draft goes with.
  await Promise.all([
    write(tx, message, bucket, [...histories.values()], verdicts),
    deps.outbox.put(tx, { requestId, draft: draftOf(message, reply), reply }),
  ]);
  failpoint('object-storage.delete.before-commit');
  const destroyed = [...histories.values()].flatMap((history) => history.destroyed);
  return { reply, carriedOut: grantsOf(new Map(destroyed.flatMap((version) => entryOf(verdicts, version)))) };
}

/** Keys that hold nothing yet take part too: a delete marker may be their first version. */
function withMissing(histories: Map<string, KeyHistory>, entries: DeleteRequest['entries']): Map<string, KeyHistory> {
  for (const { key } of entries) if (!histories.has(key)) histories.set(key, new KeyHistory(key, []));
  return histories;
}

function entryOf(verdicts: Verdicts, version: StoredVersion): [string, { grantId: string }][] {
  const verdict = verdicts.get(version.internalVersionId);
  return verdict && 'grantId' in verdict ? [[version.internalVersionId, verdict]] : [];
}

function grantsOf(verdicts: Verdicts): string[] {
  return [...verdicts.values()].flatMap((verdict) => ('grantId' in verdict ? [verdict.grantId] : []));
}
