import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readIfPresent } from '../files.ts';

const SUFFIX = '.pid';
const TERM_WITHIN_MS = 3_000;
const KILL_WITHIN_MS = 5_000;

export function pidFile(runFolder: string, name: string): string {
  return join(runFolder, `${name}${SUFFIX}`);
}

/** The command line of a process; undefined when there is none of that id. */
export function commandLine(pid: number): string | undefined {
  try {
    if (process.platform === 'linux')
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') || undefined;
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return undefined;
  }
}

/** Ids are used again by the system: only a process that names the data folder is one of ours. */
function isOurs(pid: number, folder: string): boolean {
  return commandLine(pid)?.includes(folder) ?? false;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It is gone.
  }
}

async function gone(pid: number, folder: string, limitMs: number): Promise<boolean> {
  for (const end = Date.now() + limitMs; Date.now() < end; await sleep(25)) {
    if (!isOurs(pid, folder)) return true;
  }
  return false;
}

async function stopOne(pid: number, folder: string): Promise<void> {
  signal(pid, 'SIGTERM');
  if (await gone(pid, folder, TERM_WITHIN_MS)) return;
  signal(pid, 'SIGKILL');
  await gone(pid, folder, KILL_WITHIN_MS);
}

/** Stops what a killed supervisor left running. The caller holds the folder's lock. Returns the names. */
export async function stopLeftovers(runFolder: string, folder: string): Promise<string[]> {
  const files = readdirSync(runFolder).filter((name) => name.endsWith(SUFFIX));
  const stopped = await Promise.all(
    files.map(async (file) => {
      const path = join(runFolder, file);
      const pid = Number(readIfPresent(path));
      const ours = Number.isSafeInteger(pid) && pid > 1 && isOurs(pid, folder);
      if (ours) await stopOne(pid, folder);
      rmSync(path, { force: true });
      return ours ? [file.slice(0, -SUFFIX.length)] : [];
    }),
  );
  return stopped.flat();
}
