import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOM = 2 * 1024 ** 3;

/** Memory where there is plenty: a test's server then waits for no disk. */
async function parent(): Promise<string> {
  if (process.platform !== 'linux') return tmpdir();
  try {
    const { bavail, bsize } = await statfs('/dev/shm');
    return bavail * bsize >= ROOM ? '/dev/shm' : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** A new folder for a server of a test, and how to remove it. */
export async function scratchFolder(purpose: string): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(await parent(), `coffer-test-${purpose}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}
