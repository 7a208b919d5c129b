import { newBlobId } from '@coffer/blob-store';
import { Fault, objectStorage, type RequestRecord } from '@coffer/contracts';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callerOf, draftOf, startWorld, type World } from '../testkit/world.ts';
import { forChange } from './locks.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

async function draftIn(requestId: string): Promise<RequestRecord | undefined> {
  const rows = await world.query<{ draft: RequestRecord }>('SELECT draft FROM outbox WHERE request_id = $1', [
    requestId,
  ]);
  return rows[0]?.draft;
}

/** Holds the bucket's lock until both calls wait for it. */
async function bothWaiting<T>(bucketId: string, call: () => Promise<T>): Promise<[T, T]> {
  let calls: Promise<T>[] = [];
  await world.db.transaction(async (tx) => {
    await forChange(bucketId).take(tx);
    calls = [call(), call()];
    const waiting = async () =>
      (
        await world.query<{ n: number }>(
          `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`,
        )
      )[0];
    await expect.poll(waiting, { timeout: 5000 }).toMatchObject({ n: 2 });
  });
  return (await Promise.all(calls)) as [T, T];
}

describe('a request that comes twice', () => {
  it('stays refused, although the second copy could succeed', async () => {
    const bucket = await world.bucket();
    await world.put(bucket, 'k');
    const request = world.commitRequest(bucket, 'k', {
      conditions: { ifNoneMatch: '*' },
      body: { kind: 'blob', blobId: newBlobId(), sealedSize: 5, header: new Uint8Array(4) },
    });
    await expect(world.call(objectStorage.commit, request)).rejects.toMatchObject({ code: 'PreconditionFailed' });
    await world.remove(bucket, [{ key: 'k' }]);
    await expect(world.call(objectStorage.commit, request)).rejects.toMatchObject({
      code: 'PreconditionFailed',
      status: 412,
      extras: { Condition: 'If-None-Match' },
    });
    await expect(world.locate(bucket, 'k')).rejects.toMatchObject({ code: 'NoSuchKey' });
    expect(await draftIn(request.caller.requestId)).toMatchObject({ status: 412, errorCode: 'PreconditionFailed' });
  });

  it('stays refused when it would complete an upload', async () => {
    const bucket = await world.bucket();
    const upload = await world.upload(bucket, 'm');
    await world.put(bucket, 'm');
    const { etag } = await upload.part(1, 10);
    const caller = callerOf();
    const complete = () => upload.complete([{ partNumber: 1, etag }], { caller, conditions: { ifNoneMatch: '*' } });
    await expect(complete()).rejects.toMatchObject({ code: 'PreconditionFailed' });
    await world.remove(bucket, [{ key: 'm' }]);
    await expect(complete()).rejects.toMatchObject({ code: 'PreconditionFailed', status: 412 });
    expect(await upload.complete([{ partNumber: 1, etag }])).toMatchObject({ size: 10 });
  });

  it('stays refused when the missing part comes after all', async () => {
    const bucket = await world.bucket();
    const upload = await world.upload(bucket, 'm');
    const one = await upload.part(1, 5 * 1024 * 1024);
    const caller = callerOf();
    const two = randomBytes(16).toString('hex');
    const listed = [
      { partNumber: 1, etag: one.etag },
      { partNumber: 2, etag: two },
    ];
    await expect(upload.complete(listed, { caller })).rejects.toMatchObject({ code: 'InvalidPart' });
    expect(await draftIn(caller.requestId)).toMatchObject({ status: 400, errorCode: 'InvalidPart' });
    await upload.part(2, 10, { etag: two });
    const again = upload.complete(listed, { caller });
    await expect(again).rejects.toMatchObject({ code: 'InvalidPart', status: 400, extras: { PartNumber: '2' } });
    expect(await upload.complete(listed)).toMatchObject({ size: 5 * 1024 * 1024 + 10 });
  });

  it('stays refused when governance would grant it by now', async () => {
    const { name, bucketId } = await world.bucket();
    const upload = await world.upload(await world.context(name), 'm');
    const { etag } = await upload.part(1, 10);
    const kept = await world.put(await world.context(name), 'k');
    await world.put(await world.context(name), 'm');
    await world.protect(name);
    const bucket = await world.context(name);
    const request = world.commitRequest(bucket, 'k');
    const caller = callerOf();
    const complete = () => upload.complete([{ partNumber: 1, etag }], { caller, revision: bucket.revision });
    const { neighbours } = world;
    const { grant } = neighbours;
    neighbours.grant = (versions) => versions.map(() => ({ refused: 'no' }));
    const denied = { code: 'AccessDenied', status: 403, message: 'no' };
    await expect(world.call(objectStorage.commit, request)).rejects.toMatchObject(denied);
    await expect(complete()).rejects.toMatchObject(denied);
    neighbours.grant = grant;
    await expect(world.call(objectStorage.commit, request)).rejects.toMatchObject(denied);
    await expect(complete()).rejects.toMatchObject(denied);
    expect((await world.locate(bucket, 'k')).version.etag).toBe(kept.etag);
    expect(await draftIn(request.caller.requestId)).toMatchObject({ status: 403 });
    expect(await world.query('SELECT 1 FROM uploads WHERE bucket_id = $1', [bucketId])).toHaveLength(1);
  });

  it('stays refused when its blob was taken by the collector, whatever becomes of the claim', async () => {
    const bucket = await world.bucket();
    const blobId = newBlobId();
    const body = { kind: 'blob' as const, blobId, sealedSize: 5, header: new Uint8Array(4) };
    const request = world.commitRequest(bucket, 'k', { body });
    await world.query("INSERT INTO blob_claims (blob_id, state) VALUES ($1, 'collected')", [blobId]);
    await expect(world.call(objectStorage.commit, request)).rejects.toMatchObject({ code: 'OperationAborted' });
    await world.query('DELETE FROM blob_claims WHERE blob_id = $1', [blobId]);
    await expect(world.call(objectStorage.commit, request)).rejects.toMatchObject({ code: 'OperationAborted' });
    expect(await draftIn(request.caller.requestId)).toMatchObject({ status: 409, errorCode: 'OperationAborted' });
  });

  it('is decided anew after a change of configuration, and passing trouble does not end it', async () => {
    const bucket = await world.bucket();
    const request = world.commitRequest(bucket, 'k');
    const now = await world.setVersioning(bucket.name, 'Enabled');
    await expect(world.call(objectStorage.commit, request)).rejects.toMatchObject({ code: 'StaleContext' });
    const again = { ...request, revision: now.revision };
    expect(await world.call(objectStorage.commit, again)).toMatchObject({ etag: request.etag });

    await world.protect(bucket.name);
    const suspended = await world.setVersioning(bucket.name, 'Suspended');
    await world.put(suspended, 'k');
    const { neighbours } = world;
    const { grant } = neighbours;
    neighbours.grant = () => {
      throw new Fault('Unavailable', 'away');
    };
    const other = world.commitRequest(suspended, 'k');
    await expect(world.call(objectStorage.commit, other)).rejects.toMatchObject({ status: 503 });
    neighbours.grant = grant;
    expect(await world.call(objectStorage.commit, other)).toMatchObject({ etag: other.etag });
  });

  it('commits once when three copies come at the same moment', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled' });
    const request = world.commitRequest(bucket, 'k');
    let calls: Promise<{ versionId?: string | undefined }>[] = [];
    await world.db.transaction(async (tx) => {
      await forChange(bucket.bucketId).take(tx);
      calls = Array.from({ length: 3 }, () => world.newGateway().call(objectStorage.commit, request));
      await new Promise((resolve) => setTimeout(resolve, 200));
    });
    const replies = await Promise.all(calls);
    expect(replies[1]).toEqual(replies[0]);
    expect(replies[2]).toEqual(replies[0]);
    const versions = await world.query('SELECT 1 FROM versions WHERE bucket_id = $1', [bucket.bucketId]);
    expect(versions).toHaveLength(1);
  });

  it('deletes the bucket once and says so twice', async () => {
    const bucket = await world.bucket();
    const caller = callerOf();
    const replies = await bothWaiting(bucket.bucketId, () =>
      world.op('DeleteBucket', { Bucket: bucket.name }, { caller, bucket }),
    );
    expect(replies).toEqual([{}, {}]);
  });

  it('changes the configuration once and is not stale by its own change', async () => {
    const bucket = await world.bucket();
    const caller = callerOf();
    const input = { Bucket: bucket.name, VersioningConfiguration: { Status: 'Enabled' } };
    const replies = await bothWaiting(bucket.bucketId, () =>
      world.op('PutBucketVersioning', input, { caller, bucket }),
    );
    expect(replies).toEqual([{}, {}]);
    expect((await world.context(bucket.name)).revision.bucket).toBe(bucket.revision.bucket + 1);
  });
});

describe('a draft', () => {
  it('is stored for a delete of which every entry is refused', async () => {
    const bucket = await world.bucket();
    await world.put(bucket, 'k');
    for (const [operation, status] of [
      ['DeleteObject', 412],
      ['DeleteObjects', 200],
    ] as const) {
      const caller = callerOf();
      const draft = draftOf(caller, operation, { bucket: bucket.name });
      const reply = await world.remove(bucket, [{ key: 'k', ifMatch: 'other' }], { caller, draft });
      expect(reply.results[0]?.error?.code).toBe('PreconditionFailed');
      expect(await draftIn(caller.requestId)).toMatchObject({ status });
    }
  });

  it('is stored for the completion of what another request completed', async () => {
    const bucket = await world.bucket();
    const upload = await world.upload(bucket, 'again');
    const { etag } = await upload.part(1, 10);
    const first = await upload.complete([{ partNumber: 1, etag }]);
    const caller = callerOf();
    expect(await upload.complete([{ partNumber: 1, etag }], { caller })).toEqual(first);
    expect(await draftIn(caller.requestId)).toMatchObject({ operation: 'CompleteMultipartUpload', status: 200 });
  });
});
