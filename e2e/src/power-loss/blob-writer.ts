/**
 * Writes and removes blobs in a folder, several at a time, and says what it does: `begin <id> <hash>` before a blob is
 * written, `put <id>` when that was acknowledged, `delete <id>` before it is removed.
 */
import { createHash, randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import type * as BlobStoreLibrary from '@coffer/blob-store';
import { product } from '../harness/paths.ts';

// As built, like everything that the end-to-end tests try.
const library = (await import(join(product, 'libs', 'blob-store', 'dist', 'index.js'))) as typeof BlobStoreLibrary;
const { fileBlobStore, newBlobId } = library;

// The largest are written past the page cache, with an end that is no whole block.
const SIZES = [1, 300, 5_000, 70_000, 300_000, 2_100_000];
const store = await fileBlobStore({ folder: process.argv[2] ?? '' });

async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 60_000) yield bytes.subarray(at, at + 60_000);
}

async function writer(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const [id, bytes] = [newBlobId(), randomBytes(SIZES[round % SIZES.length]!)];
    writeSync(1, `begin ${id} ${createHash('sha256').update(bytes).digest('hex')}\n`);
    await store.put(id, bytes.length, inPieces(bytes));
    writeSync(1, `put ${id}\n`);
    if (round % 5 !== 4) continue;
    writeSync(1, `delete ${id}\n`);
    await store.delete(id);
  }
}
await Promise.all([writer(8), writer(8), writer(8)]);
