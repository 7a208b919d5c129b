import { load } from '../client/client.ts';
import type { ClientResult } from '../client/result.ts';
import { cpuByRole, machineBusySeconds, processesBelow } from '../machine/processes.ts';
import { progress } from '../report/progress.ts';
import type { Target, Workload } from './workload.ts';

export interface Round {
  readonly result: ClientResult;
  /** Microseconds of CPU for each operation, by role of the process; the client is `client`. */
  readonly cpuMicros: ReadonlyMap<string, number>;
  /** How many cores others than the subject and the client kept busy meanwhile. */
  readonly foreignCores: number;
}

/** The rounds of one workload, by label of the target, in the order in which they were measured. */
export type Measured = ReadonlyMap<string, readonly Round[]>;

/** Remembers what is written already, so that a folder can be used again. */
export interface Seeds {
  has(subject: string, name: string): boolean;
  add(subject: string, name: string): void;
}

let marks = 0;

/** A number unlike every mark of this and of earlier runs: begins keys that nobody wrote before. */
function newMark(): string {
  return String(Date.now() * 1000 + (marks++ % 1000));
}

async function seed({ subject, label }: Target, { name, bucket, seed }: Workload, seeds: Seeds): Promise<void> {
  if (!seed || seeds.has(subject.name, `${bucket}: ${seed.name}`)) return;
  progress(`${name}: writing what has to be there, ${label}`);
  await seed.write(subject, bucket);
  seeds.add(subject.name, `${bucket}: ${seed.name}`);
}

/** One run, with what the processes took for it. */
export async function measureOnce({ subject }: Target, workload: Workload): Promise<Round> {
  const mark = newMark();
  if (workload.before) await load(subject, workload.bucket, workload.before(mark));
  const before = cpuByRole(processesBelow(subject.pid));
  const [busyBefore, began] = [machineBusySeconds(), performance.now()];
  const result = await load(subject, workload.bucket, workload.measure(mark));
  const [busy, seconds] = [machineBusySeconds() - busyBefore, (performance.now() - began) / 1000];
  const after = cpuByRole(processesBelow(subject.pid));
  const own = [...after].reduce((sum, [role, used]) => sum + used - (before.get(role) ?? 0), result.processCpuSeconds);
  const micros = (cpuSeconds: number): number => (cpuSeconds * 1e6) / result.ops;
  const cpuMicros = new Map([...after].map(([role, used]) => [role, micros(used - (before.get(role) ?? 0))]));
  cpuMicros.set('client', micros(result.clientCpuSeconds));
  return { result, cpuMicros, foreignCores: Math.max(0, busy - own) / seconds };
}

/**
 * Measures one target after the other, round after round, so that whatever slows the machine for a while falls on all of
 * them. Each round begins with another target. A run before the first round is thrown away.
 */
export async function interleave(
  targets: readonly Target[],
  workload: Workload,
  rounds: number,
  seeds: Seeds,
): Promise<Measured> {
  for (const target of targets) {
    const own = target.workload ?? workload;
    await seed(target, own, seeds);
    const mark = newMark();
    if (own.before) await load(target.subject, own.bucket, own.before(mark));
    await load(target.subject, own.bucket, (own.warmUp ?? own.measure)(mark));
  }
  const measured = new Map<string, Round[]>(targets.map(({ label }) => [label, []]));
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < targets.length; n++) {
      const target = targets[(n + round) % targets.length]!;
      const one = await measureOnce(target, target.workload ?? workload);
      measured.get(target.label)!.push(one);
      progress(`${workload.name} ${round + 1}/${rounds} ${target.label}: ${one.result[workload.figure].toFixed(0)}`);
    }
  }
  return measured;
}
