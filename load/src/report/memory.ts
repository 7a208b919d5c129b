import { processesBelow } from '../machine/processes.ts';
import type { Subject } from '../subjects/subject.ts';
import { figure, table } from './table.ts';

/** What the gateway alone may take; in embedded mode one process holds all services. */
export const GATEWAY_MIB = 300;

export interface Memory {
  readonly subject: string;
  readonly role: string;
  readonly processes: number;
  /** Of Postgres the sum of its processes' shares; of others the process that has most. */
  readonly residentMiB: number;
  /** The most that one process ever had. */
  readonly highestMiB: number;
}

export function memoryOf(subject: Subject): Memory[] {
  const uses = processesBelow(subject.pid);
  return [...new Set(uses.map(({ role }) => role))].map((role) => {
    const of = uses.filter((use) => use.role === role);
    const resident = of.map(({ residentMiB }) => residentMiB);
    return {
      subject: subject.name,
      role,
      processes: of.length,
      residentMiB: role === 'postgres' ? resident.reduce((a, b) => a + b, 0) : Math.max(...resident),
      highestMiB: Math.max(...of.map(({ highestMiB }) => highestMiB)),
    };
  });
}

export function memoryTable(memory: readonly Memory[]): string {
  const rows = memory.map(({ subject, role, processes, residentMiB, highestMiB }) => [
    `${subject}: ${role}`,
    String(processes),
    figure(residentMiB),
    figure(highestMiB),
    role === 'gateway' ? `at most ${GATEWAY_MIB}${highestMiB < GATEWAY_MIB ? '' : ': ABOVE'}` : '',
  ]);
  return table(['memory at the end, MiB', 'processes', 'in RAM', 'highest', 'bound'], rows);
}
