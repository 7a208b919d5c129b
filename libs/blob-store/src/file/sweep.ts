import { rmdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from './errno.ts';
import { names } from './layout.ts';
import type { Layout } from './layout.ts';

/** Folders of the last hours are left alone: a new blob may be on its way into them. */
const FOLDER_GRACE_MS = 2 * 3600_000;

/** Removes what a crash left in the temporary folder and is older than `staleAfterMs`. Returns how many files. */
export async function sweepTemporary(layout: Layout, staleAfterMs: number): Promise<number> {
  let removed = 0;
  for (const name of await names(layout.temporary, () => true)) {
    const path = join(layout.temporary, name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs < staleAfterMs) continue;
    await unlink(path);
    removed += 1;
  }
  return removed;
}

/** Removes the folders of a past hour as far as they are empty. */
export async function sweepHour(layout: Layout, hour: string): Promise<void> {
  const began = Date.parse(`${hour.slice(0, 4)}-${hour.slice(4, 6)}-${hour.slice(6, 8)}T${hour.slice(8, 10)}:00:00Z`);
  if (!(Date.now() - began > FOLDER_GRACE_MS)) return;
  const folder = join(layout.blobs, hour);
  for (const shard of await names(folder, () => true)) await removeIfEmpty(join(folder, shard));
  await removeIfEmpty(folder);
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw error;
  }
}
