import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A zombie has ended and only waits for its parent.
  return !/^State:\s+Z/m.test(readIfThere(`/proc/${pid}/status`) ?? '');
}

/** SIGKILL, to a process that may have ended already. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

export async function untilGone(pid: number, withinMs = 15_000): Promise<void> {
  for (const until = Date.now() + withinMs; isAlive(pid); await pause(10)) {
    if (Date.now() > until) throw new Error(`process ${pid} did not end`);
  }
}

/** The process id of the postmaster in a data folder. */
export function postmaster(dataFolder: string): number | undefined {
  const pid = Number(readIfThere(join(dataFolder, 'postgres', 'cluster', 'postmaster.pid'))?.split('\n')[0]);
  return pid > 1 && isAlive(pid) ? pid : undefined;
}

/** The process of a native stack with this name. */
export function stackProcess(dataFolder: string, name: string): number | undefined {
  if (name === 'postgres') return postmaster(dataFolder);
  const pid = Number(readIfThere(join(dataFolder, 'run', `${name}.pid`)));
  return pid > 1 && isAlive(pid) ? pid : undefined;
}

/** The shells that wait beside a stack and end its servers should it die (Linux only). */
export function guardsOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const parent = /^PPid:\s+(\d+)/m.exec(readIfThere(`/proc/${name}/status`) ?? '')?.[1];
      return Number(parent) === pid && readIfThere(`/proc/${name}/cmdline`)?.startsWith('/bin/sh\0-c\0') === true;
    })
    .map(Number);
}
