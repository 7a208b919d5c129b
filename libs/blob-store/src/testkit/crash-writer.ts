/** Writes blobs without end until it is killed; says each id that was acknowledged, and the hash of its content. */
import { createHash, randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { newBlobId } from '../blob-id.ts';
import { fileBlobStore } from '../file/file-blob-store.ts';

const store = await fileBlobStore({ folder: process.argv[2] ?? '' });

async function* slowly(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 100_000) {
    yield bytes.subarray(at, at + 100_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function writer(): Promise<never> {
  for (;;) {
    const [id, bytes] = [newBlobId(), randomBytes(1_000_000)];
    await store.put(id, bytes.length, slowly(bytes));
    writeSync(1, `${id} ${createHash('sha256').update(bytes).digest('hex')}\n`);
  }
}
await Promise.all([writer(), writer(), writer()]);
