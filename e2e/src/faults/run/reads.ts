import type { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Caller, Timed } from './caller.ts';
import { CALL_WITHIN_MS, KEPT } from './caller.ts';
import type { Value } from './values.ts';
import { holds } from './values.ts';

/** All of a body; a stream that stands still is given up. */
async function drained(body: unknown): Promise<Buffer> {
  const stream = body as Readable;
  const timer = setTimeout(() => stream.destroy(new Error('the body stands still')), CALL_WITHIN_MS);
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(timer);
  }
}

interface Shown {
  readonly etag: string | undefined;
  readonly bytes?: Buffer;
  readonly requestId: string | undefined;
}

/** The value behind an ETag, also one that nobody wrote: the checker will say so. */
function named(caller: Caller, key: string, etag: string | undefined): { name: string; value: Value | undefined } {
  const value = caller.shared.values.of(etag);
  if (value) caller.shared.seen.set(key, value);
  return { name: value?.name ?? `unknown ETag ${etag}`, value };
}

/** Writes down what a read of the current version saw. @returns the value whose bytes are to be compared */
export function noteRead(caller: Caller, key: string, what: string, outcome: Timed<Shown>): Value | undefined {
  const { start, end } = outcome;
  if (outcome.kind === 'refused' && outcome.status === 404) {
    caller.shared.seen.delete(key);
    caller.note({ key, kind: 'read', value: '', start, end, what });
  }
  if (outcome.kind === 'refused' && outcome.status === 416) {
    caller.note({ key, kind: 'not', value: '', start, end, what: `${what}, beyond its end` });
  }
  if (outcome.kind !== 'done') return undefined;
  const { name, value } = named(caller, key, outcome.output.etag);
  caller.note({ key, kind: 'read', value: name, start, end, what: `${what} ${outcome.output.requestId}` });
  return value;
}

const ABSENT = ['NoSuchKey', 'NotFound', 'InvalidRange'];

/** GET; with a size, a range of what is thought to be that long. */
export async function get(caller: Caller, bucket: string, key: string, ranged?: Value): Promise<void> {
  const id = `${bucket}/${key}`;
  const from = ranged ? caller.random.int(0, ranged.size - 1) : 0;
  const to = ranged ? caller.random.int(from, ranged.size - 1) + 1 : Infinity;
  const what = ranged ? `RANGE ${id} ${from}-${to - 1}` : `GET ${id}`;
  const outcome = await caller.call(what, ABSENT, async () => {
    const Range = ranged && `bytes=${from}-${to - 1}`;
    const answer = await caller.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range }));
    return { etag: answer.ETag, bytes: await drained(answer.Body), requestId: answer.$metadata.requestId };
  });
  const value = noteRead(caller, id, what, outcome);
  if (!value || outcome.kind !== 'done') return;
  const end = Math.min(to, value.size);
  if (!holds(value, outcome.output.bytes, from, end))
    caller.shared.history.problems.push(
      `${what}: ${outcome.output.bytes.length} bytes that are not those of ${value.name} (${outcome.output.requestId})`,
    );
}

export async function head(caller: Caller, bucket: string, key: string): Promise<void> {
  const id = `${bucket}/${key}`;
  const what = `HEAD ${id}`;
  const outcome = await caller.call(what, ABSENT, async () => {
    const answer = await caller.s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return { etag: answer.ETag, size: answer.ContentLength, requestId: answer.$metadata.requestId };
  });
  const value = noteRead(caller, id, what, outcome);
  if (value && outcome.kind === 'done' && outcome.output.size !== value.size)
    caller.shared.history.problems.push(
      `${what}: ${outcome.output.size} bytes, not the ${value.size} of ${value.name}`,
    );
}

/** GET of a version that was acknowledged; it holds what it held, until somebody removes it. */
export async function getVersion(caller: Caller, key: string): Promise<void> {
  const made = caller.shared.versions.of(key).filter(({ value }) => value !== '');
  if (made.length === 0) return;
  const version = caller.random.pick(made);
  const what = `VERSION ${KEPT}/${key} ${version.id}`;
  const outcome = await caller.call(what, ['NoSuchVersion', 'NotFound'], async () => {
    const command = new GetObjectCommand({ Bucket: KEPT, Key: key, VersionId: version.id });
    const answer = await caller.s3.send(command);
    return { etag: answer.ETag, bytes: await drained(answer.Body) };
  });
  const { problems } = caller.shared.history;
  if (outcome.kind === 'refused' && outcome.status === 404 && version.removalStart === undefined)
    problems.push(`${what}: acknowledged, and not there`);
  if (outcome.kind !== 'done') return;
  const value = caller.shared.values.of(outcome.output.etag);
  if (value?.name !== version.value || !holds(value, outcome.output.bytes))
    problems.push(`${what}: ${value?.name ?? outcome.output.etag}, not ${version.value}`);
  if (version.removalEnd !== undefined && version.removalEnd < outcome.start)
    problems.push(`${what}: removed, and read`);
}

/**
 * Lists one group page by page. Each page is a read of all keys that lie in its part of the group, those that are not
 * listed included.
 */
export async function list(caller: Caller, bucket: string, prefix: string, keys: readonly string[]): Promise<void> {
  const MaxKeys = caller.random.pick([2, 3, 1000]);
  const left = new Set(keys);
  for (let token: string | undefined, page = 1; ; page += 1) {
    const what = `LIST ${bucket}/${prefix} page ${page} of ${MaxKeys}`;
    const outcome = await caller.call(what, [], () =>
      caller.s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys, ContinuationToken: token })),
    );
    if (outcome.kind !== 'done') return;
    const { Contents = [], NextContinuationToken } = outcome.output;
    const shown = new Map(Contents.map(({ Key, ETag }) => [Key!, ETag]));
    const last = NextContinuationToken === undefined ? undefined : Contents.at(-1)?.Key;
    for (const key of left) {
      if (last !== undefined && key > last) continue;
      left.delete(key);
      const value = shown.has(key) ? named(caller, `${bucket}/${key}`, shown.get(key)).name : '';
      caller.note({ key: `${bucket}/${key}`, kind: 'read', value, start: outcome.start, end: outcome.end, what });
      shown.delete(key);
    }
    for (const key of shown.keys()) caller.shared.history.problems.push(`${what}: ${key}, which has no place there`);
    token = NextContinuationToken;
    if (token === undefined) return;
  }
}

/** What is read of a key and its group for no other reason than to look. */
export async function look(caller: Caller, bucket: string, key: string): Promise<void> {
  const seen = caller.shared.seen.get(`${bucket}/${key}`);
  if (seen && caller.random.chance(0.3)) await get(caller, bucket, key, seen);
  else if (caller.random.chance(0.3)) await head(caller, bucket, key);
  else await get(caller, bucket, key);
}
