import { execFile } from 'node:child_process';
import { lstat, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { embeddedPostgresVersion, startEmbeddedPostgres } from '@coffer/database';

const run = promisify(execFile);

async function isOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined);
  if (!found) return false;
  if (!found.isDirectory() || found.uid !== process.getuid?.()) throw new Error(`${folder} belongs to somebody else.`);
  return true;
}

/** A folder with a fresh cluster, made once per machine and user: a copy is quicker than another initdb. */
async function template(): Promise<string> {
  const folder = join(tmpdir(), `coffer-test-postgres-${process.getuid?.()}-${await embeddedPostgresVersion()}`);
  if (await isOurs(folder)) return folder;
  const building = await mkdtemp(`${folder}-`);
  const server = await startEmbeddedPostgres({ folder: building });
  await server.stop();
  try {
    await rename(building, folder);
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    if (!(await isOurs(folder))) throw error;
  }
  return folder;
}

/** Puts a fresh cluster into the folder, where copying keeps owners and modes. Elsewhere the server makes its own. */
export async function copyTemplate(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await run('cp', ['-a', `${await template()}/.`, folder]);
}
