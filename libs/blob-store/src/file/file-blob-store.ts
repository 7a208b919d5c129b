import { randomBytes } from 'node:crypto';
import { access, constants, mkdir, open, rename, rm, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { addAbortSignal } from 'node:stream';
import type { Readable } from 'node:stream';
import { assertBlobId } from '../blob-id.ts';
import { assertListOptions, assertRange } from '../blob-store.ts';
import type { BlobBody, BlobEntry, BlobOptions, BlobRange, BlobStore } from '../blob-store.ts';
import { blobExists, blobNotFound, rangeInvalid } from '../errors.ts';
import { ExactBody } from '../exact-body.ts';
import { DIRECT_FROM_BYTES, DirectSlots, openDirect, writeDirectly } from './direct.ts';
import { fileError, makeFolder, syncFolder, writeInOrder } from './durable.ts';
import { errnoOf } from './errno.ts';
import { Layout } from './layout.ts';
import { sweepHour, sweepTemporary } from './sweep.ts';

const READ_CHUNK_BYTES = 256 * 1024;
const STALE_AFTER_MS = 3600_000;
/** Folders remembered as made; far more than are in use at a time. */
const MAX_KNOWN_FOLDERS = 4096;

export interface FileBlobStoreOptions {
  /** Made when absent, for this user alone. One process at a time may use it. */
  folder: string;
  /** Temporary files older than this many milliseconds are removed at the start; one hour unless told. */
  staleAfterMs?: number;
}

/**
 * Opens the store in a folder and removes what a crash left behind.
 *
 * @throws BlobError when the folder cannot be made or used.
 */
export async function fileBlobStore(options: FileBlobStoreOptions): Promise<BlobStore> {
  const layout = new Layout(options.folder);
  try {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    await makeFolder(options.folder, layout.blobs);
    await makeFolder(options.folder, layout.temporary);
    await sweepTemporary(layout, options.staleAfterMs ?? STALE_AFTER_MS);
    for (const hour of await layout.hours()) await sweepHour(layout, hour);
  } catch (error) {
    throw fileError(error);
  }
  return new FileBlobStore(layout);
}

class FileBlobStore implements BlobStore {
  readonly #layout: Layout;
  /** Ids being written: `rename` would replace a blob silently, and only this process writes here. */
  readonly #writing = new Set<string>();
  readonly #knownFolders = new Set<string>();
  readonly #slots = new DirectSlots();

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  async put(id: string, size: number, body: BlobBody, options?: BlobOptions): Promise<void> {
    assertBlobId(id);
    const source = new ExactBody(body, size, options);
    const mine = !this.#writing.has(id);
    try {
      if (!mine) throw blobExists(id);
      this.#writing.add(id);
      if (await exists(this.#layout.place(id).path)) throw blobExists(id);
      await this.#write(id, size, source);
    } catch (error) {
      source.throwIfFailed();
      throw fileError(error);
    } finally {
      if (mine) this.#writing.delete(id);
      source.close();
    }
  }

  async get(id: string, range?: BlobRange, options: BlobOptions = {}): Promise<Readable> {
    assertBlobId(id);
    assertRange(range);
    options.signal?.throwIfAborted();
    let handle: FileHandle | undefined;
    try {
      handle = await open(this.#layout.place(id).path, 'r');
      const { size } = await handle.stat();
      if (range && range.end >= size) throw rangeInvalid(id);
      const stream = handle.createReadStream({ ...range, highWaterMark: READ_CHUNK_BYTES });
      return options.signal ? addAbortSignal(options.signal, stream) : stream;
    } catch (error) {
      await handle?.close();
      throw errnoOf(error) === 'ENOENT' ? blobNotFound(id) : fileError(error);
    }
  }

  async delete(id: string): Promise<void> {
    assertBlobId(id);
    try {
      await unlink(this.#layout.place(id).path);
      await sweepHour(this.#layout, id.slice(0, 10));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw fileError(error);
    }
  }

  async list(options: { after?: string; limit: number }): Promise<BlobEntry[]> {
    assertListOptions(options);
    if (options.after !== undefined) assertBlobId(options.after);
    const entries: BlobEntry[] = [];
    try {
      for await (const id of this.#layout.ids(options.after)) {
        const entry = await this.#entry(id);
        if (entry) entries.push(entry);
        if (entries.length === options.limit) break;
      }
    } catch (error) {
      throw fileError(error);
    }
    return entries;
  }

  async check(): Promise<void> {
    try {
      await access(this.#layout.blobs, constants.R_OK | constants.W_OK | constants.X_OK);
      await access(this.#layout.temporary, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      throw fileError(error);
    }
  }

  async close(): Promise<void> {}

  /** Temporary file, content durable, renamed into its place, entry durable: visible only when complete. */
  async #write(id: string, size: number, source: ExactBody): Promise<void> {
    const temporary = join(this.#layout.temporary, `${id}.${randomBytes(8).toString('hex')}`);
    try {
      const handle = await open(temporary, 'wx', 0o600);
      try {
        if (size < DIRECT_FROM_BYTES || !(await this.#writeDirectly(temporary, handle, source))) {
          await writeInOrder(handle, source);
        }
        await handle.datasync();
      } finally {
        await handle.close();
      }
      await this.#moveIntoPlace(id, temporary);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  /** @returns false, with nothing read or written, where this way is closed or taken */
  async #writeDirectly(path: string, handle: FileHandle, source: ExactBody): Promise<boolean> {
    const slots = this.#slots.take();
    if (!slots) return false;
    try {
      const direct = await openDirect(path);
      if (!direct) return false;
      try {
        await writeDirectly(direct, handle, source, slots);
      } finally {
        await direct.close();
      }
      return true;
    } finally {
      this.#slots.giveBack(slots);
    }
  }

  async #moveIntoPlace(id: string, temporary: string): Promise<void> {
    const { hour, shard, path } = this.#layout.place(id);
    await this.#ensureFolders(hour, shard);
    try {
      await rename(temporary, path);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      // The folder was empty and has been removed since it was last used.
      this.#knownFolders.delete(shard);
      await this.#ensureFolders(hour, shard);
      await rename(temporary, path);
    }
    await syncFolder(shard);
  }

  async #ensureFolders(hour: string, shard: string): Promise<void> {
    if (this.#knownFolders.has(shard)) return;
    await makeFolder(this.#layout.blobs, hour);
    await makeFolder(hour, shard);
    if (this.#knownFolders.size >= MAX_KNOWN_FOLDERS) this.#knownFolders.clear();
    this.#knownFolders.add(shard);
  }

  async #entry(id: string): Promise<BlobEntry | undefined> {
    try {
      const { size, mtime } = await stat(this.#layout.place(id).path);
      return { id, size, modified: mtime };
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
