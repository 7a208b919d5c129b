import { objectStorage } from '@coffer/contracts';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callerOf, startWorld, type World } from '../testkit/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

describe('commit and locate', () => {
  it('makes a body visible and finds it again', async () => {
    const bucket = await world.bucket();
    const put = await world.put(bucket, 'a/ключ', {
      headers: { 'content-type': 'text/plain' },
      metadata: { color: 'blue' },
      tags: [{ Key: 'k', Value: 'v' }],
      checksum: { algorithm: 'CRC32', value: 'AAAAAA==', type: 'FULL_OBJECT' },
    });
    expect(put.versionId).toBeUndefined();
    const found = await world.locate(bucket, 'a/ключ', { withTags: true });
    expect(found.version).toMatchObject({
      versionId: 'null',
      isLatest: true,
      deleteMarker: false,
      size: 5,
      etag: put.etag,
      headers: { 'content-type': 'text/plain' },
      metadata: { color: 'blue' },
      tags: [{ Key: 'k', Value: 'v' }],
      tagCount: 1,
      checksum: { algorithm: 'CRC32', value: 'AAAAAA==', type: 'FULL_OBJECT' },
      ownerAccountId: bucket.ownerAccountId,
    });
    expect(Buffer.from(found.version.encryption.wrappedDataKey)).toEqual(
      Buffer.from(put.request.encryption.wrappedDataKey),
    );
    expect(found.segments).toHaveLength(1);
    const [segment] = found.segments;
    const sent = put.request.body;
    expect(segment?.body.kind === 'inline' && Buffer.from(segment.body.sealed)).toEqual(
      sent.kind === 'inline' && Buffer.from(sent.sealed),
    );
  });

  it('answers each element of a batch for itself', async () => {
    const bucket = await world.bucket();
    const other = await world.bucket({ versioning: 'Enabled' });
    const stale = { ...bucket, revision: { ...bucket.revision, bucket: 99 } };
    const results = await Promise.allSettled([
      world.put(bucket, 'one'),
      world.put(stale, 'two'),
      world.put(bucket, 'one', { conditions: { ifNoneMatch: '*' } }),
      world.put(other, 'three'),
      world.put(bucket, 'missing', { conditions: { ifMatch: '*' } }),
      world.put(bucket, 'nul\0'),
      world.put(other, 'four', {
        encryption: { format: 1, mode: 'AES256', bucketKeyId: 'unknown', wrappedDataKey: new Uint8Array(4) },
      }),
    ]);
    expect(
      results.map((result) => (result.status === 'rejected' ? (result.reason as { code: string }).code : 'ok')),
    ).toEqual(['ok', 'StaleContext', 'PreconditionFailed', 'ok', 'NoSuchKey', 'InvalidURI', 'StaleContext']);
    const refused = results[1];
    expect(refused?.status === 'rejected' && (refused.reason as { data: { revision: unknown } }).data.revision).toEqual(
      bucket.revision,
    );
  });

  it('a value that the database cannot hold, or a row that makes no sense, concerns its own element alone', async () => {
    const bucket = await world.bucket();
    const tooLong = randomBytes(4000).toString('base64');
    const codesOf = async (calls: Promise<unknown>[]) =>
      (await Promise.allSettled(calls)).map((result) =>
        result.status === 'rejected' ? (result.reason as { code: string }).code : 'ok',
      );
    const keys = Array.from({ length: 12 }, (_, n) => `k${n}`);
    const puts = keys.map((key, n) => world.put(bucket, key, n === 6 ? { internalVersionId: tooLong } : {}));
    expect(await codesOf(puts)).toEqual(keys.map((_, n) => (n === 6 ? 'OperationAborted' : 'ok')));
    await world.query("UPDATE versions SET wrapped_data_key = NULL WHERE bucket_id = $1 AND key = 'k9'", [
      bucket.bucketId,
    ]);
    const expected = keys.map((_, n) => (n === 6 ? 'NoSuchKey' : n === 9 ? 'InternalError' : 'ok'));
    expect(await codesOf(keys.map((key) => world.locate(bucket, key)))).toEqual(expected);
  });

  it('lets exactly one of many racing If-None-Match: * win', async () => {
    const bucket = await world.bucket();
    const otherGateway = world.newGateway();
    const results = await Promise.allSettled(
      Array.from({ length: 40 }, (_, index) =>
        (index % 2 ? world.gateway : otherGateway).call(
          objectStorage.commit,
          world.commitRequest(bucket, 'race', { conditions: { ifNoneMatch: '*' } }),
        ),
      ),
    );
    const winners = results.filter((result) => result.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    const current = await world.locate(bucket, 'race');
    expect(winners[0]?.status === 'fulfilled' && winners[0].value.etag).toBe(current.version.etag);
  });

  it('lets exactly one of many racing If-Match win', async () => {
    const bucket = await world.bucket();
    const first = await world.put(bucket, 'race');
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, () => world.put(bucket, 'race', { conditions: { ifMatch: `"${first.etag}"` } })),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });

  it('answers a repeated request with the first reply, once and for all', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled' });
    const request = world.commitRequest(bucket, 'again');
    const replies = await Promise.all([1, 2, 3].map(() => world.call(objectStorage.commit, request)));
    expect(new Set(replies.map((reply) => reply.versionId)).size).toBe(1);
    expect(await world.call(objectStorage.commit, request)).toEqual(replies[0]);
    const rows = await world.query('SELECT 1 FROM versions WHERE bucket_id = $1', [bucket.bucketId]);
    expect(rows).toHaveLength(1);
  });

  it('keeps the draft of the record with the mutation', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled' });
    const put = await world.put(bucket, 'drafted');
    const [row] = await world.query<{ draft: object }>('SELECT draft FROM outbox WHERE request_id = $1', [
      put.request.caller.requestId,
    ]);
    expect(row?.draft).toMatchObject({ operation: 'PutObject', status: 200, versionId: put.versionId, objectSize: 5 });
  });

  it('handles several writes to one key in one batch in order', async () => {
    for (const versioning of [undefined, 'Enabled', 'Suspended'] as const) {
      const bucket = await world.bucket(versioning ? { versioning } : {});
      const puts = await Promise.all([1, 2, 3, 4, 5].map(() => world.put(bucket, 'same')));
      const rows = await world.query<{ etag: string; is_latest: boolean }>(
        'SELECT etag, is_latest FROM versions WHERE bucket_id = $1 ORDER BY order_no',
        [bucket.bucketId],
      );
      expect(rows.filter((row) => row.is_latest)).toHaveLength(1);
      expect(rows).toHaveLength(versioning === 'Enabled' ? 5 : 1);
      expect(rows.at(-1)?.is_latest).toBe(true);
      const current = await world.locate(bucket, 'same');
      expect(puts.map((put) => put.etag)).toContain(current.version.etag);
    }
  });

  it('claims a blob once', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled' });
    const first = world.commitRequest(bucket, 'x');
    const body = { kind: 'blob', blobId: first.body.blobId, sealedSize: 100, header: new Uint8Array(8) } as const;
    await world.call(objectStorage.commit, { ...first, body });
    await expect(world.put(bucket, 'y', { body })).rejects.toMatchObject({ code: 'OperationAborted' });
    const [, good] = await Promise.allSettled([world.put(bucket, 'y', { body }), world.put(bucket, 'z')]);
    expect(good?.status).toBe('fulfilled');
  });

  it('dooms the blob of an overwritten object', async () => {
    const bucket = await world.bucket();
    const request = world.commitRequest(bucket, 'x');
    const body = { kind: 'blob', blobId: request.body.blobId, sealedSize: 100, header: new Uint8Array(8) } as const;
    await world.call(objectStorage.commit, { ...request, body });
    await world.put(bucket, 'x');
    const [claim] = await world.query<{ state: string }>('SELECT state FROM blob_claims WHERE blob_id = $1', [
      body.blobId,
    ]);
    expect(claim?.state).toBe('doomed');
  });

  it('tells a malformed version id, an unknown one and a missing key apart', async () => {
    const plain = await world.bucket();
    const versioned = await world.bucket({ versioning: 'Enabled' });
    const { versionId = '' } = await world.put(versioned, 'k');
    await world.put(plain, 'k');
    const broken = versionId.slice(0, -1) + (versionId.endsWith('A') ? 'B' : 'A');
    const code = (bucket: typeof plain, key: string, id?: string) =>
      world.locate(bucket, key, id === undefined ? {} : { versionId: id }).then(
        () => 'ok',
        (error: { code: string }) => error.code,
      );
    expect(await code(versioned, 'k', versionId)).toBe('ok');
    expect(await code(versioned, 'k', broken)).toBe('InvalidArgument');
    expect(await code(versioned, 'other', versionId)).toBe('NoSuchVersion');
    expect(await code(versioned, 'k', 'null')).toBe('NoSuchVersion');
    expect(await code(plain, 'k', 'null')).toBe('ok');
    expect(await code(plain, 'k', versionId)).toBe('InvalidArgument');
    expect(await code(plain, 'absent')).toBe('NoSuchKey');
  });

  it('answers simple objects asked for by part number', async () => {
    const bucket = await world.bucket();
    await world.put(bucket, 'k');
    expect((await world.locate(bucket, 'k', { from: { partNumber: 1 } })).part).toEqual({
      partNumber: 1,
      offset: 0,
      size: 5,
    });
    await expect(world.locate(bucket, 'k', { from: { partNumber: 2 } })).rejects.toMatchObject({
      code: 'InvalidPartNumber',
      extras: { ActualPartCount: '1', PartNumberRequested: '2' },
    });
  });

  it('gives objects to the account that wrote them where the bucket does not own them all', async () => {
    const bucket = await world.bucket();
    const caller = callerOf({ accountId: '444455556666', canonicalId: 'b'.repeat(64) });
    await world.put(bucket, 'mine', { caller });
    expect((await world.locate(bucket, 'mine')).version.ownerAccountId).toBe(bucket.ownerAccountId);
    await world.query("UPDATE buckets SET ownership = 'ObjectWriter' WHERE bucket_id = $1", [bucket.bucketId]);
    await world.put(bucket, 'theirs', { caller: callerOf({ accountId: '444455556666', canonicalId: 'b'.repeat(64) }) });
    expect((await world.locate(bucket, 'theirs')).version.ownerAccountId).toBe('444455556666');
  });
});
