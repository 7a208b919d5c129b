import { DeleteObjectCommand, DeleteObjectsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { outcomeOf } from './client.ts';
import type { Operation } from './operations.ts';
import { plain } from './worker.ts';

/** More versions than this of one key only make the checks slow. */
const MOST_VERSIONS = 6;

export const putVersion: Operation = async (worker) => {
  const key = worker.versionedKey();
  const state = worker.journal.versionedKey(key);
  if (state.versions.length >= MOST_VERSIONS) return;
  const made = worker.make();
  const outcome = await outcomeOf(() =>
    worker.client.send(new PutObjectCommand({ Bucket: worker.buckets.kept, Key: key, Body: made.body })),
  );
  if (outcome.kind === 'refused') return worker.refused(`PUT ${key}`, outcome);
  if (outcome.kind === 'done') {
    worker.journal.acknowledged += 1;
    state.versions.push({ versionId: outcome.output.VersionId!, content: plain(made) });
  } else {
    worker.journal.unanswered += 1;
    state.maybeAdded.push(plain(made));
    state.retired = true;
  }
};

/** A delete without a version id makes a delete marker. */
export const mark: Operation = async (worker) => {
  const key = worker.versionedKey();
  const state = worker.journal.versionedKey(key);
  if (state.versions.length === 0) return;
  const outcome = await outcomeOf(() =>
    worker.client.send(new DeleteObjectCommand({ Bucket: worker.buckets.kept, Key: key })),
  );
  if (outcome.kind === 'refused') return worker.refused(`DELETE ${key}`, outcome);
  if (outcome.kind === 'done') {
    worker.journal.acknowledged += 1;
    state.versions.push({ versionId: outcome.output.VersionId!, content: undefined });
  } else {
    worker.journal.unanswered += 1;
    state.maybeAdded.push(undefined);
    state.retired = true;
  }
};

/** Removes named versions for good: one by one, or several in one request. */
export const removeVersions: Operation = async (worker) => {
  const key = worker.versionedKey();
  const state = worker.journal.versionedKey(key);
  if (state.versions.length < 2) return;
  const ids = [...new Set([worker.random.pick(state.versions), worker.random.pick(state.versions)])].map(
    ({ versionId }) => versionId,
  );
  const outcome = await outcomeOf(async () => {
    const Bucket = worker.buckets.kept;
    if (ids.length === 1)
      return void (await worker.client.send(new DeleteObjectCommand({ Bucket, Key: key, VersionId: ids[0]! })));
    const Objects = ids.map((VersionId) => ({ Key: key, VersionId }));
    const { Errors = [] } = await worker.client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    for (const { Code } of Errors) {
      worker.journal.contradictions.push(`a version of ${key} was not deleted: ${Code}`);
    }
  });
  if (outcome.kind === 'refused') return worker.refused(`DELETE ${key}?versionId`, outcome);
  if (outcome.kind === 'done') {
    worker.journal.acknowledged += 1;
    state.versions.splice(
      0,
      state.versions.length,
      ...state.versions.filter((version) => !ids.includes(version.versionId)),
    );
    for (const id of ids) state.removed.add(id);
  } else {
    worker.journal.unanswered += 1;
    for (const id of ids) state.maybeRemoved.add(id);
    state.retired = true;
  }
};
