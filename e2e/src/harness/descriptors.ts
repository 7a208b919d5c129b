import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { expect } from 'vitest';
import { databasePort } from './database-port.ts';
import { eventually } from './eventually.ts';

/** A process and the data folder of the stack it belongs to. */
export interface Watched {
  readonly pid: number;
  readonly dataFolder: string;
}

/** The inodes of a process's connections to a port, as the kernel's table of TCP connections has them. */
function connectionsTo(pid: number, port: number): Set<string> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync(`/proc/${pid}/net/tcp`, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  // Columns: slot, local address, remote address, state, …; the tenth is the inode.
  return new Set(rows.filter((row) => row[2]?.endsWith(suffix)).map((row) => `socket:[${row[9]}]`));
}

function target(pid: number, descriptor: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
  } catch {
    return 'closed meanwhile';
  }
}

/**
 * Open files and sockets of a process, but for connections to the database: those belong to pools that grow with the
 * load and shrink a minute later.
 */
export function openDescriptors({ pid, dataFolder }: Watched): number {
  const pooled = connectionsTo(pid, databasePort(dataFolder));
  return readdirSync(`/proc/${pid}/fd`).filter((descriptor) => !pooled.has(target(pid, descriptor))).length;
}

/** What connections to the blob tier that are kept open, and files of the moment, may add. */
const ROOM = 12;

/** Demands that a process comes back to about as many descriptors as it had. */
export async function expectDescriptorsAsBefore(watched: Watched, before: number, withinMs = 20_000): Promise<void> {
  await eventually(async () => expect(openDescriptors(watched)).toBeLessThanOrEqual(before + ROOM), withinMs);
}
