import { execFile } from 'node:child_process';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Parts of `postmaster.pid` by line: https://www.postgresql.org/docs/18/storage-file-layout.html */
export interface PostmasterFile {
  pid: number;
  port: number;
  /** `starting`, `stopping`, `ready` or `standby`. */
  status: string;
}

export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  return { pid, port: Number(lines[3] ?? 0), status: lines[7] ?? '' };
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether this process is the Postgres of this cluster, not another one that was given the same number since. */
async function isPostmasterOf(pid: number, cluster: string): Promise<boolean> {
  if (!alive(pid)) return false;
  if (process.platform === 'linux') {
    // A postmaster's working directory is its cluster.
    const [theirs, ours] = await Promise.all([stat(`/proc/${pid}/cwd`).catch(() => undefined), stat(cluster)]);
    return theirs !== undefined && theirs.dev === ours.dev && theirs.ino === ours.ino;
  }
  if (process.platform === 'win32') {
    const { stdout } = await run('tasklist', ['/fi', `PID eq ${pid}`, '/nh']).catch(() => ({ stdout: '' }));
    return /postgres\.exe/i.test(stdout);
  }
  const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.includes('postgres') && stdout.includes(cluster);
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Whether the process has ended; also when nobody has collected it yet, as under a PID 1 that collects no orphans. */
async function over(pid: number): Promise<boolean> {
  if (!alive(pid)) return true;
  if (process.platform !== 'linux') return false;
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // `pid (name) state …`: the name may hold anything, brackets too.
  return status === '' || /^\s*[ZX]/.test(status.slice(status.lastIndexOf(')') + 1));
}

async function gone(pid: number, withinMs: number): Promise<boolean> {
  for (const end = Date.now() + withinMs; Date.now() < end; await pause(10)) {
    if (await over(pid)) return true;
  }
  return over(pid);
}

/** Fast shutdown, then immediate (recovery at the next start), then the hard way. */
const STOPPING: [NodeJS.Signals, number][] = [
  ['SIGINT', 20_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
];

/** Stops the postmaster and waits until it is gone. Committed data stays, whichever way it ends. */
export async function stopPostmaster(pid: number, pgCtl: string, cluster: string): Promise<void> {
  if (process.platform === 'win32') {
    await run(pgCtl, ['stop', '-w', '-m', 'fast', '-D', cluster], { windowsHide: true });
    return;
  }
  for (const [signal, withinMs] of STOPPING) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw error;
    }
    if (await gone(pid, withinMs)) return;
  }
  throw new Error(`Postgres (process ${pid}) does not stop.`);
}

/**
 * Stops a Postgres of this cluster that outlived the process that started it, and removes the lock file of one that
 * died. The caller has made sure that nobody is using the cluster.
 * @returns whether one was running
 */
export async function stopLeftBehind(cluster: string, pgCtl: string): Promise<boolean> {
  const file = await readPostmasterFile(cluster);
  if (!file) return false;
  if (await isPostmasterOf(file.pid, cluster)) {
    await stopPostmaster(file.pid, pgCtl, cluster);
    return true;
  }
  // Its number may belong to an unrelated process by now, which Postgres would take for its predecessor.
  await rm(join(cluster, 'postmaster.pid'), { force: true });
  return false;
}
