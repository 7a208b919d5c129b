import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { sha256 } from '../harness/data.ts';
import { outcomeOf } from './client.ts';
import type { Worker } from './worker.ts';
import { plain } from './worker.ts';

export type Operation = (worker: Worker) => Promise<void>;

/** `/bucket/key` as `x-amz-copy-source` wants it. */
export function copySource(bucket: string, key: string, versionId?: string): string {
  const path = `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
  return versionId === undefined ? path : `${path}?versionId=${encodeURIComponent(versionId)}`;
}

/** A new object, or one in the place of another; small and large. */
export const put: Operation = async (worker) => {
  const key = worker.key();
  const tags = worker.random.chance(0.2) ? `n=${worker.random.int(1, 9)}` : '';
  const made = worker.make(undefined, tags);
  const outcome = await outcomeOf(() =>
    worker.client.send(
      new PutObjectCommand({
        Bucket: worker.buckets.plain,
        Key: key,
        Body: made.body,
        ...(tags !== '' && { Tagging: tags }),
      }),
    ),
  );
  worker.wrote(key, made, outcome);
};

/** Conditions that hold and conditions that do not. */
export const putConditionally: Operation = async (worker) => {
  const key = worker.random.chance(0.5) ? (worker.fullKey() ?? worker.key()) : worker.name('cond');
  const there = worker.journal.current(key) !== undefined;
  const made = worker.make();
  const outcome = await outcomeOf(() =>
    worker.client.send(
      new PutObjectCommand({ Bucket: worker.buckets.plain, Key: key, Body: made.body, IfNoneMatch: '*' }),
    ),
  );
  if (outcome.kind === 'done' && there) {
    worker.journal.contradictions.push(`${key} was made with If-None-Match: * though it was there`);
  }
  // Where the key was there the condition forbids the write: without an answer, too, nothing may have changed.
  if (outcome.kind === 'unsure' && there) worker.journal.unsure(key, worker.journal.current(key));
  else worker.wrote(key, made, outcome, there ? ['PreconditionFailed'] : []);
};

/** All clients try to make the same keys; the tenth of a second chooses which. */
export const race: Operation = async (worker) => {
  const key = `race/${Math.floor(Date.now() / 100)}`;
  const state = worker.journal.race(key);
  const made = worker.make();
  const outcome = await outcomeOf(() =>
    worker.client.send(
      new PutObjectCommand({ Bucket: worker.buckets.plain, Key: key, Body: made.body, IfNoneMatch: '*' }),
    ),
  );
  if (outcome.kind === 'done') state.won.push(plain(made));
  else if (outcome.kind === 'unsure') state.unsure.push(plain(made));
  else worker.refused(key, outcome, ['PreconditionFailed', 'ConditionalRequestConflict']);
};

export const remove: Operation = async (worker) => {
  const key = worker.random.chance(0.9) ? (worker.fullKey() ?? worker.key()) : worker.key();
  const outcome = await outcomeOf(() =>
    worker.client.send(new DeleteObjectCommand({ Bucket: worker.buckets.plain, Key: key })),
  );
  worker.wrote(key, undefined, outcome);
};

export const removeSeveral: Operation = async (worker) => {
  const keys = worker.fullKeys(6);
  if (keys.length === 0) return;
  const outcome = await outcomeOf(() =>
    worker.client.send(
      new DeleteObjectsCommand({ Bucket: worker.buckets.plain, Delete: { Objects: keys.map((Key) => ({ Key })) } }),
    ),
  );
  const deleted = new Set(outcome.kind === 'done' ? outcome.output.Deleted?.map(({ Key }) => Key) : []);
  for (const key of keys) {
    if (outcome.kind === 'done' && !deleted.has(key)) {
      worker.journal.contradictions.push(
        `a multi-delete did not delete ${key}: ${JSON.stringify(outcome.output.Errors)}`,
      );
    } else worker.wrote(key, undefined, outcome);
  }
};

export const copy: Operation = async (worker) => {
  const source = worker.fullKey();
  if (source === undefined) return;
  const value = worker.journal.current(source)!;
  const key = worker.key();
  if (key === source) return;
  const outcome = await outcomeOf(() =>
    worker.client.send(
      new CopyObjectCommand({
        Bucket: worker.buckets.plain,
        Key: key,
        CopySource: copySource(worker.buckets.plain, source),
      }),
    ),
  );
  worker.wrote(key, value, outcome);
};

export const tag: Operation = async (worker) => {
  const key = worker.fullKey();
  if (key === undefined) return;
  const value = { ...worker.journal.current(key)!, tags: `t=${worker.random.int(1, 99)}` };
  const [Key, Value] = value.tags.split('=') as [string, string];
  const outcome = await outcomeOf(() =>
    worker.client.send(
      new PutObjectTaggingCommand({ Bucket: worker.buckets.plain, Key: key, Tagging: { TagSet: [{ Key, Value }] } }),
    ),
  );
  worker.wrote(key, value, outcome);
};

/** Read after write, while things break: an answer must be right; none at all is in order. */
export const read: Operation = async (worker) => {
  const key = worker.fullKey();
  if (key === undefined) return;
  const value = worker.journal.current(key)!;
  const outcome = await outcomeOf(async () => {
    const answer = await worker.client.send(new GetObjectCommand({ Bucket: worker.buckets.plain, Key: key }));
    return sha256(Buffer.from(await answer.Body!.transformToByteArray()));
  });
  if (outcome.kind === 'refused') worker.refused(`GET ${key}`, outcome);
  if (outcome.kind === 'done' && outcome.output !== value.sha256) {
    worker.journal.contradictions.push(`GET ${key} gave other bytes than were acknowledged`);
  }
};
