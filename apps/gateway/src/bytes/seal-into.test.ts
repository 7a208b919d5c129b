import { randomBytes } from 'node:crypto';
import { PassThrough, type Transform } from 'node:stream';
import { BlobError, memoryBlobStore, type BlobStore } from '@coffer/blob-store';
import { s3Error } from '@coffer/contracts';
import { plainSize } from '@coffer/sealed-stream';
import { createLogger } from '@coffer/service-kit';
import { describe, expect, it } from 'vitest';
import type { Gateway } from '../gateway.ts';
import { MAX_INLINE, sealInto } from './seal-into.ts';

const SIZE = 256 * 1024;
const target = { dataKey: randomBytes(32), bucketId: 'b', key: 'k', internalVersionId: 'v' };
const log = createLogger({ service: 'test', level: 'silent' });

function into(blobs: BlobStore, feed: (sink: Transform) => void, size = SIZE) {
  return sealInto({ blobs, log } as Gateway, target, size, [new PassThrough()], feed);
}

/** A blob tier that takes a first chunk and then breaks as `how` says. */
function breaking(how: (body: AsyncIterator<Uint8Array>) => Error): BlobStore {
  const store = memoryBlobStore();
  return Object.assign(store, {
    put: async (_id: string, _size: number, body: AsyncIterable<Uint8Array>) => {
      const chunks = body[Symbol.asyncIterator]();
      await chunks.next();
      throw how(chunks);
    },
  });
}

const all = (sink: Transform) => void sink.end(randomBytes(SIZE));
const tooFew = (sink: Transform) => {
  sink.write(randomBytes(SIZE / 2));
  setTimeout(() => sink.destroy(s3Error('IncompleteBody')), 20);
};

describe('sealing a body on its way', () => {
  it('keeps a small one for its row and puts a large one into the blob tier', async () => {
    const store = memoryBlobStore();
    const small = await into(store, (sink) => void sink.end(Buffer.alloc(100)), 100);
    expect(small).toMatchObject({ kind: 'inline' });
    const large = await into(store, all);
    expect(large.kind === 'blob' && plainSize(large.sealedSize)).toBe(SIZE);
    expect(MAX_INLINE).toBeLessThan(SIZE);
  });

  it('says that the body was incomplete when its bytes do not come, and leaves nothing', async () => {
    const store = memoryBlobStore();
    await expect(into(store, tooFew)).rejects.toMatchObject({ code: 'IncompleteBody', status: 400 });
    await expect(into(store, (sink) => void sink.destroy(s3Error('IncompleteBody')), 100)).rejects.toMatchObject({
      code: 'IncompleteBody',
    });
    expect(await store.list({ limit: 10 })).toEqual([]);
  });

  it('does not blame the client when the blob tier goes away in the middle', async () => {
    const named = breaking(() => new BlobError('BlobStoreUnavailable', 'gone'));
    await expect(into(named, all)).rejects.toMatchObject({ code: 'BlobStoreUnavailable' });
    const reset = breaking((chunks) => {
      void chunks.return?.();
      return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    });
    await expect(into(reset, all)).rejects.toMatchObject({ code: 'ServiceUnavailable', status: 503 });
  });
});
