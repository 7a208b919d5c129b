import type { FileHandle } from 'node:fs/promises';
import { open, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Needle } from './needles.ts';

const CHUNK = 8 * 1024 ** 2;

export interface Find {
  /** Below the folder that was searched. */
  readonly file: string;
  readonly name: string;
  readonly form: string;
}

export interface Searched {
  readonly finds: Find[];
  readonly files: string[];
  readonly bytes: number;
}

async function searchFile(
  handle: FileHandle,
  needles: readonly Needle[],
  found: (needle: Needle) => void,
): Promise<number> {
  const overlap = Math.max(...needles.map(({ bytes }) => bytes.length)) - 1;
  const buffer = Buffer.alloc(CHUNK + overlap);
  const left = new Set(needles);
  let kept = 0;
  for (let total = 0; ;) {
    const { bytesRead } = await handle.read(buffer, kept, CHUNK, null);
    if (bytesRead === 0) return total;
    total += bytesRead;
    const part = buffer.subarray(0, kept + bytesRead);
    for (const needle of left) {
      if (!part.includes(needle.bytes)) continue;
      left.delete(needle);
      found(needle);
    }
    // The end of this part may be the beginning of what is looked for.
    const rest = part.subarray(Math.max(0, part.length - overlap));
    kept = rest.length;
    buffer.set(rest, 0);
  }
}

/** Looks through every file below a folder. Files that vanish meanwhile were temporary and are passed over. */
export async function search(folder: string, needles: readonly Needle[]): Promise<Searched> {
  const finds: Find[] = [];
  const files: string[] = [];
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const file = relative(folder, path);
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw error;
    }
    try {
      bytes += await searchFile(handle, needles, ({ name, form }) => finds.push({ file, name, form }));
      files.push(file);
    } finally {
      await handle.close();
    }
  }
  return { finds, files, bytes };
}
