import { mkdir, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { BlobError } from '../errors.ts';

/** Bytes that are gathered for one write call. */
const GATHER_BYTES = 512 * 1024;

/** The system's name of an error, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

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

/** Writes all chunks, gathering small ones, and makes the content durable. */
export async function writeDurably(handle: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    gathered.push(chunk);
    bytes += chunk.length;
    if (bytes < GATHER_BYTES) continue;
    await writeAll(handle, gathered, bytes);
    gathered = [];
    bytes = 0;
  }
  if (bytes > 0) await writeAll(handle, gathered, bytes);
  await handle.datasync();
}

async function writeAll(handle: FileHandle, chunks: Uint8Array[], bytes: number): Promise<void> {
  const { bytesWritten } = await handle.writev(chunks);
  if (bytesWritten === bytes) return;
  // A short write, as before a full disk: the rest chunk by chunk, so that the next call names the reason.
  let done = bytesWritten;
  for (const chunk of chunks) {
    const skipped = Math.min(done, chunk.length);
    done -= skipped;
    for (let at = skipped; at < chunk.length;) at += (await handle.write(chunk, at, chunk.length - at)).bytesWritten;
  }
}
