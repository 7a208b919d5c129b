import { readdirSync, readFileSync } from 'node:fs';

/** One process of a subject at one moment. */
export interface ProcessUse {
  readonly pid: number;
  readonly role: string;
  /** Used so far, user and system, with that of children that have ended. */
  readonly cpuSeconds: number;
  /** In RAM now; for Postgres, whose processes share most of it, this process's share. */
  readonly residentMiB: number;
  /** The most it had in RAM. */
  readonly highestMiB: number;
}

/** The kernel counts in these on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It ended meanwhile.
    return '';
  }
}

/** What a command line is in a subject; undefined for helpers that do no work, such as waiting shells. */
export function roleOf(commandLine: string): string | undefined {
  const app = /apps\/([\w-]+)\/dist\/(?:program\/)?main\.js/.exec(commandLine)?.[1];
  if (app !== undefined) return app;
  const program = commandLine.split('\0')[0] ?? '';
  if (/(^|\/)postgres(:|$)/.test(program.split(' ')[0] ?? '')) return 'postgres';
  return /(?:^|\/)(nats-server|minio|load-client)$/.exec(program)?.[1];
}

interface Stat {
  readonly parent: number;
  readonly cpuSeconds: number;
}

/** Fields of /proc/PID/stat; the name in parentheses may hold spaces and parentheses itself. */
export function readStat(stat: string): Stat | undefined {
  if (stat === '') return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // Numbered from 3, "state", in proc(5): 14 to 17 are utime, stime, cutime, cstime.
  const ticks = [14, 15, 16, 17].reduce((sum, field) => sum + Number(fields[field - 3]), 0);
  return { parent: Number(fields[4 - 3]), cpuSeconds: ticks / TICKS_PER_SECOND };
}

function mebibytes(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) / 1024;
}

/** The process that was started and all beneath it, those that do work. Linux only. */
export function processesBelow(root: number): ProcessUse[] {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readStat(readIfThere(`/proc/${name}/stat`)) : undefined;
    if (stat) stats.set(Number(name), stat);
  }
  const below = (pid: number): boolean => {
    if (pid === root) return true;
    const parent = stats.get(pid)?.parent;
    return parent !== undefined && parent > 1 && below(parent);
  };
  return [...stats].flatMap(([pid, { cpuSeconds }]) => {
    const role = below(pid) ? roleOf(readIfThere(`/proc/${pid}/cmdline`)) : undefined;
    if (role === undefined) return [];
    const status = readIfThere(`/proc/${pid}/status`);
    const shared = role === 'postgres' ? readIfThere(`/proc/${pid}/smaps_rollup`) : '';
    return [
      {
        pid,
        role,
        cpuSeconds,
        residentMiB: shared === '' ? mebibytes(status, 'VmRSS') : mebibytes(shared, 'Pss'),
        highestMiB: mebibytes(status, 'VmHWM'),
      },
    ];
  });
}

/** CPU of each role in seconds, all processes of the role together. */
export function cpuByRole(uses: readonly ProcessUse[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { role, cpuSeconds } of uses) sums.set(role, (sums.get(role) ?? 0) + cpuSeconds);
  return sums;
}

/** The environment that a process was started with. */
export function environmentOf(pid: number): Map<string, string> {
  const entries = readIfThere(`/proc/${pid}/environ`).split('\0');
  return new Map(
    entries
      .filter((entry) => entry !== '')
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

/** Seconds of the processor, all cores together, that anybody on this machine has used since it started. */
export function machineBusySeconds(): number {
  return busySeconds(readIfThere('/proc/stat'));
}

/** Of the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal. What the host took counts too. */
export function busySeconds(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (stat.split('\n')[0] ?? '')
    .trim()
    .split(/ +/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}
