import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { requires } from '@coffer/testing';

/** Why no file system in user space can be mounted here; undefined when it can. A machine need not allow it, nor CI. */
export function whyNoFuse(): string | undefined {
  if (!requires('fusermount3')) return 'fusermount3 is absent';
  try {
    closeSync(openSync('/dev/fuse', 'r+'));
    return undefined;
  } catch (error) {
    return `/dev/fuse cannot be opened: ${(error as NodeJS.ErrnoException).code}`;
  }
}

/** Whether something is mounted on a folder, without touching it. */
export async function isMounted(folder: string): Promise<boolean> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  return mounts.split('\n').some((line) => line.split(' ')[1] === folder);
}
