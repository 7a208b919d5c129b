import { mkdir, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { BlobError } from '../errors.ts';
import { errnoOf } from './errno.ts';

/** Turns an error of the file system into a named one. */
export function fileError(error: unknown): BlobError {
  if (error instanceof BlobError) return error;
  const errno = errnoOf(error);
  if (errno === 'ENOSPC' || errno === 'EDQUOT' || errno === 'EFBIG') {
    return new BlobError('BlobStoreFull', 'The file system of the blob store is full.', { cause: error });
  }
  return new BlobError('BlobStoreUnavailable', `The blob folder cannot be used (${errno ?? 'unknown error'}).`, {
    cause: error,
  });
}

/** Makes the entries of a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder if it is absent. An existing one may have been made a moment ago, so the parent is synced anyway. */
export async function makeFolder(parent: string, folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  await syncFolder(parent);
}

/** Writes all chunks, each before the next is asked for. */
export async function writeInOrder(handle: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) {
    // After a short write, as before a full disk, the next call names the reason.
    for (let at = 0; at < chunk.length;) at += (await handle.write(chunk, at, chunk.length - at)).bytesWritten;
  }
}
