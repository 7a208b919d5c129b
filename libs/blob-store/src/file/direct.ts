import { constants, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { errnoOf } from './errno.ts';

/** What is needed here of WebAssembly, whose types come with those of browsers alone. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

/** Where memory, offset and length of a direct write begin and end: a multiple of the block of every disk in use. */
const BLOCK_BYTES = 4096;
const SLOT_BYTES = 1024 * 1024;
const WASM_PAGE_BYTES = 64 * 1024;
/** Bodies written directly at once. The others go through the page cache, as on a system without direct writes. */
const MOST = 8;

/** Bodies from this size on are worth a second handle. */
export const DIRECT_FROM_BYTES = 256 * 1024;

/** One slot is filled while the other is written. */
export type SlotPair = readonly [Uint8Array, Uint8Array];

/**
 * Memory for direct writes. A buffer of Node's begins anywhere; the memory of WebAssembly always at a page of the
 * machine's. It is taken at the first use and stays.
 */
export class DirectSlots {
  #free: SlotPair[] | undefined;

  take(): SlotPair | undefined {
    this.#free ??= makePairs();
    return this.#free.pop();
  }

  giveBack(pair: SlotPair): void {
    this.#free?.push(pair);
  }
}

function makePairs(): SlotPair[] {
  const pages = (2 * MOST * SLOT_BYTES) / WASM_PAGE_BYTES;
  const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const slot = (n: number): Uint8Array => new Uint8Array(buffer, n * SLOT_BYTES, SLOT_BYTES);
  return Array.from({ length: MOST }, (_, n): SlotPair => [slot(2 * n), slot(2 * n + 1)]);
}

/** A second handle of a file, past the page cache; undefined where the system or the file system knows none. */
export async function openDirect(path: string): Promise<FileHandle | undefined> {
  // Only Linux has the flag; the types know no platform.
  const flag = constants.O_DIRECT as number | undefined;
  if (flag === undefined) return undefined;
  try {
    return await open(path, constants.O_WRONLY | flag);
  } catch (error) {
    if (errnoOf(error) === 'EINVAL') return undefined;
    throw error;
  }
}

/**
 * Writes all chunks to an empty file, whole blocks past the page cache: copying them there costs more of the processor than
 * sealing does, and would push out what is read. Nothing is durable before `handle` is synced.
 *
 * @param direct a handle of `openDirect`
 * @param handle an ordinary handle of the same file
 */
export async function writeDirectly(
  direct: FileHandle,
  handle: FileHandle,
  chunks: AsyncIterable<Uint8Array>,
  slots: SlotPair,
): Promise<void> {
  let [filling, other] = slots;
  let filled = 0;
  let at = 0;
  let writing = Promise.resolve();
  const flush = async (): Promise<void> => {
    await writing;
    writing = writeSlot(direct, handle, filling.subarray(0, filled), at);
    // Its failure is met by whoever waits for it next.
    writing.catch(() => undefined);
    at += filled;
    filled = 0;
    [filling, other] = [other, filling];
  };
  try {
    for await (const chunk of chunks) {
      for (let from = 0; from < chunk.length;) {
        const part = chunk.subarray(from, from + SLOT_BYTES - filled);
        filling.set(part, filled);
        filled += part.length;
        from += part.length;
        if (filled === SLOT_BYTES) await flush();
      }
    }
    await flush();
  } finally {
    // The system reads from the slot until then, so it belongs to nobody else.
    await writing;
  }
}

async function writeSlot(direct: FileHandle, handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  const whole = bytes.length - (bytes.length % BLOCK_BYTES);
  let written = 0;
  if (whole > 0) {
    try {
      ({ bytesWritten: written } = await direct.write(bytes, 0, whole, at));
    } catch (error) {
      // Blocks larger than those known here: the ordinary way does it.
      if (errnoOf(error) !== 'EINVAL') throw error;
    }
  }
  // The end of the file, or what a short write left, as before a full disk: the next one names the reason.
  while (written < bytes.length) {
    written += (await handle.write(bytes, written, bytes.length - written, at + written)).bytesWritten;
  }
}
