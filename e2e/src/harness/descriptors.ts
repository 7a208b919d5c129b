import { readdirSync } from 'node:fs';
import { expect } from 'vitest';
import { eventually } from './eventually.ts';

/** Open files and sockets of a process. */
export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** What pools of connections may add by themselves meanwhile. */
const ROOM = 12;

/** Demands that a process comes back to about as many descriptors as it had. */
export async function expectDescriptorsAsBefore(pid: number, before: number, withinMs = 20_000): Promise<void> {
  await eventually(async () => expect(openDescriptors(pid)).toBeLessThanOrEqual(before + ROOM), withinMs);
}
