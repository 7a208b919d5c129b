import { readdirSync, readFileSync } from 'node:fs';

/** The processes whose command line names this program of this stack's tree. */
export function processesOf(root: number, commandPart: string): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It ended meanwhile.
    }
  }
  const below = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent === root || (parent !== undefined && parent > 1 && below(parent));
  };
  return [...parents.keys()].filter((pid) => {
    try {
      return (pid === root || below(pid)) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(commandPart);
    } catch {
      return false;
    }
  });
}

/** Memory of a process that is in RAM now, in bytes. */
export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(line?.[1] ?? 0) * 1024;
}

/** Watches a process's memory until stopped; returns the most it had, in bytes. */
export function watchMemory(pid: number): () => number {
  let most = residentBytes(pid);
  const timer = setInterval(() => {
    try {
      most = Math.max(most, residentBytes(pid));
    } catch {
      clearInterval(timer);
    }
  }, 50);
  return () => {
    clearInterval(timer);
    return most;
  };
}
