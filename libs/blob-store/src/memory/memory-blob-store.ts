import { Readable, addAbortSignal } from 'node:stream';
import { assertBlobId } from '../blob-id.ts';
import { assertListOptions, assertRange } from '../blob-store.ts';
import type { BlobStore } from '../blob-store.ts';
import { blobExists, blobNotFound, rangeInvalid } from '../errors.ts';
import { ExactBody } from '../exact-body.ts';

/** A store in memory, for tests: it keeps the contract except for durability. */
export function memoryBlobStore(): BlobStore {
  const blobs = new Map<string, { bytes: Buffer; modified: Date }>();
  return {
    async put(id, size, body, options) {
      assertBlobId(id);
      const source = new ExactBody(body, size, options);
      try {
        if (blobs.has(id)) throw blobExists(id);
        const chunks: Uint8Array[] = [];
        for await (const chunk of source) chunks.push(Buffer.from(chunk));
        if (blobs.has(id)) throw blobExists(id);
        blobs.set(id, { bytes: Buffer.concat(chunks), modified: new Date() });
      } finally {
        source.close();
      }
    },
    async get(id, range, options = {}) {
      assertBlobId(id);
      assertRange(range);
      options.signal?.throwIfAborted();
      const blob = blobs.get(id);
      if (!blob) throw blobNotFound(id);
      if (range && range.end >= blob.bytes.length) throw rangeInvalid(id);
      const part = range ? blob.bytes.subarray(range.start, range.end + 1) : blob.bytes;
      const stream = Readable.from(part.length > 0 ? [part] : [], { objectMode: false });
      return options.signal ? addAbortSignal(options.signal, stream) : stream;
    },
    async delete(id) {
      assertBlobId(id);
      blobs.delete(id);
    },
    async list({ after, limit }) {
      assertListOptions({ limit });
      if (after !== undefined) assertBlobId(after);
      const ids = [...blobs.keys()].filter((id) => after === undefined || id > after).toSorted();
      return ids.slice(0, limit).flatMap((id) => {
        const blob = blobs.get(id);
        return blob ? [{ id, size: blob.bytes.length, modified: blob.modified }] : [];
      });
    },
    async check() {},
    async close() {},
  };
}
