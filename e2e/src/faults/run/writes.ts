import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { anySize } from '../contents.ts';
import type { Caller, Timed } from './caller.ts';
import { KEPT, PLAIN } from './caller.ts';
import type { Operation } from './history.ts';
import type { Value } from './values.ts';

interface Written {
  readonly VersionId?: string | undefined;
  readonly $metadata: { readonly requestId?: string | undefined };
}

/** After five seconds the answer to a copy or a completion begins, before its version has an id (docs/differences.md). */
const EARLY_ANSWER_US = 5_000_000;

type Kind = 'write' | 'create' | 'replace';

/** Writes down what a write of one key came to. A refusal for its condition tells what the key held or did not hold. */
function noteWrite(
  caller: Caller,
  bucket: string,
  key: string,
  wrote: { kind: Kind; value: Value | undefined; expect?: Value | undefined; what: string },
  outcome: Timed<Written>,
): void {
  const { start, end } = outcome;
  const id = `${bucket}/${key}`;
  const { kind, what } = wrote;
  const value = wrote.value?.name ?? '';
  const expect = wrote.expect?.name;
  const { versions, seen } = caller.shared;
  const note = (operation: Pick<Operation, 'kind' | 'value' | 'end' | 'what'>): void =>
    caller.note({ key: id, start, ...(expect !== undefined && { expect }), ...operation });
  if (outcome.kind === 'done') {
    note({ kind, value, end, what: `${what} ${outcome.output.$metadata.requestId}` });
    seen.set(id, wrote.value);
    const { VersionId } = outcome.output;
    if (bucket !== KEPT) return;
    if (VersionId !== undefined) versions.made({ id: VersionId, key, value, start, end });
    else if (end - start > EARLY_ANSWER_US) versions.nameless(key, value);
    else caller.shared.history.problems.push(`${what} was answered without a version id`);
  } else if (outcome.kind === 'unsure') {
    note({ kind, value, end: null, what: `${what} (${outcome.reason})` });
    if (bucket === KEPT) versions.unsure(key, value);
  } else if (outcome.status === 412) {
    note({ kind: 'not', value: kind === 'create' ? '' : expect!, end, what: `${what}, refused` });
  } else if (outcome.status === 404 && kind === 'replace') {
    note({ kind: 'read', value: '', end, what: `${what}, refused` });
  }
}

export async function put(caller: Caller, bucket: string, key: string): Promise<void> {
  const { value, body } = caller.shared.values.make(anySize(caller.random));
  const what = `PUT ${bucket}/${key} ${value.size} bytes`;
  const outcome = await caller.call(what, [], () =>
    caller.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body })),
  );
  noteWrite(caller, bucket, key, { kind: 'write', value, what }, outcome);
}

/** A PUT on the condition that there is nothing, or still what was seen last. */
export async function putConditionally(caller: Caller, bucket: string, key: string): Promise<void> {
  const { values, seen } = caller.shared;
  const expect = caller.random.chance(0.7) ? seen.get(`${bucket}/${key}`) : undefined;
  const { value, body } = values.make(anySize(caller.random));
  const condition = expect ? { IfMatch: expect.etag } : { IfNoneMatch: '*' };
  const kind = expect ? 'replace' : 'create';
  const what = `${kind.toUpperCase()} ${bucket}/${key} ${value.size} bytes`;
  const outcome = await caller.call(what, ['PreconditionFailed', 'NoSuchKey'], () =>
    caller.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ...condition })),
  );
  noteWrite(caller, bucket, key, { kind, value, expect, what }, outcome);
}

export async function remove(caller: Caller, bucket: string, key: string): Promise<void> {
  const what = `DELETE ${bucket}/${key}`;
  const outcome = await caller.call(what, [], () =>
    caller.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })),
  );
  noteWrite(caller, bucket, key, { kind: 'write', value: undefined, what }, outcome);
}

/** Several keys in one call; each has an answer of its own. */
export async function removeSeveral(caller: Caller, keys: readonly string[]): Promise<void> {
  const what = `DELETES ${keys.length} of ${PLAIN}`;
  const outcome = await caller.call(what, [], () =>
    caller.s3.send(new DeleteObjectsCommand({ Bucket: PLAIN, Delete: { Objects: keys.map((Key) => ({ Key })) } })),
  );
  for (const key of keys) {
    const wrote = { kind: 'write' as const, value: undefined, what: `${what}: ${key}` };
    if (outcome.kind !== 'done') {
      noteWrite(caller, PLAIN, key, wrote, outcome);
      continue;
    }
    const { $metadata, Deleted = [], Errors = [] } = outcome.output;
    const { start, end } = outcome;
    const error = Errors.find(({ Key }) => Key === key);
    if (error) {
      const reason = `${error.Code} ${error.Message}`;
      caller.shared.history.failures.push({ start, end, what: wrote.what, reason });
      noteWrite(caller, PLAIN, key, wrote, { kind: 'unsure', reason, start, end });
    } else if (Deleted.some(({ Key }) => Key === key)) {
      noteWrite(caller, PLAIN, key, wrote, { kind: 'done', output: { $metadata }, start, end });
    } else caller.shared.history.problems.push(`${what}: no answer for ${key}`);
  }
}

/** Removes a version that is not current; nobody who reads the key can tell. */
export async function removeVersion(caller: Caller, key: string): Promise<void> {
  const version = caller.shared.versions.superseded(key, caller.random);
  if (!version) return;
  const what = `DELETE-VERSION ${KEPT}/${key} ${version.id}`;
  const outcome = await caller.call(what, [], () => {
    version.removalStart = 0;
    return caller.s3.send(new DeleteObjectCommand({ Bucket: KEPT, Key: key, VersionId: version.id }));
  });
  version.removalStart = outcome.start;
  if (outcome.kind === 'done') version.removalEnd = outcome.end;
}

/** A copy of what the source was seen to hold; it tells of both keys. */
export async function copy(caller: Caller, bucket: string, from: string, to: string): Promise<void> {
  const { values, seen } = caller.shared;
  const source = `${bucket}/${from}`;
  const value = seen.get(source);
  if (!value || from === to) return;
  const what = `COPY ${source} to ${to}`;
  const outcome = await caller.call(what, ['PreconditionFailed', 'NoSuchKey'], async () => {
    const CopySource = `${bucket}/${encodeURIComponent(from)}`;
    const answer = await caller.s3.send(
      new CopyObjectCommand({ Bucket: bucket, Key: to, CopySource, CopySourceIfMatch: value.etag }),
    );
    return { ...answer, etag: answer.CopyObjectResult?.ETag };
  });
  const { start, end } = outcome;
  const copied = values.whole(value);
  if (outcome.kind === 'refused') {
    if (outcome.status === 412) caller.note({ key: source, kind: 'not', value: value.name, start, end, what });
    if (outcome.status === 404) caller.note({ key: source, kind: 'read', value: '', start, end, what });
    return;
  }
  if (outcome.kind === 'done') {
    caller.note({ key: source, kind: 'read', value: value.name, start, end, what });
    if (outcome.output.etag !== copied.etag)
      caller.shared.history.problems.push(`${what}: has ETag ${outcome.output.etag}, not ${copied.etag}`);
  }
  noteWrite(caller, bucket, to, { kind: 'write', value: copied, what }, outcome);
}

const PART = 5 * 1024 ** 2;

/** Uploads in one part or two, and completes or gives up. Only completing touches the key. */
export async function multipart(caller: Caller, bucket: string, key: string): Promise<void> {
  const { random, s3, shared } = caller;
  const id = `${bucket}/${key}`;
  const large = random.chance(0.15);
  const { value: whole, body } = shared.values.make(large ? PART + random.int(1, 50_000) : random.int(20_000, 60_000));
  const bodies = large ? [body.subarray(0, PART), body.subarray(PART)] : [body];
  const upload = { Bucket: bucket, Key: key };
  const created = await caller.call(`CREATE-UPLOAD ${id}`, [], () => s3.send(new CreateMultipartUploadCommand(upload)));
  if (created.kind !== 'done') return;
  const { UploadId } = created.output;
  const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
  for (const [index, Body] of bodies.entries()) {
    const PartNumber = index + 1;
    const part = await caller.call(`PART ${id} ${PartNumber}`, [], () =>
      s3.send(new UploadPartCommand({ ...upload, UploadId, PartNumber, Body })),
    );
    if (part.kind === 'done') Parts.push({ PartNumber, ETag: part.output.ETag });
  }
  if (Parts.length < bodies.length || random.chance(0.1)) {
    await caller.call(`ABORT ${id}`, [], () => s3.send(new AbortMultipartUploadCommand({ ...upload, UploadId })));
    return;
  }
  const value = shared.values.inParts(whole, bodies);
  const what = `COMPLETE ${id} ${value.size} bytes`;
  const outcome = await caller.call(what, [], () =>
    s3.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts } })),
  );
  if (outcome.kind === 'done' && outcome.output.ETag !== value.etag)
    shared.history.problems.push(`${what}: has ETag ${outcome.output.ETag}, not ${value.etag}`);
  noteWrite(caller, bucket, key, { kind: 'write', value, what }, outcome);
}
