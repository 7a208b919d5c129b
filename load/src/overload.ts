import { load } from './client/client.ts';
import { measureOnce, type Round } from './measure/rounds.ts';
import type { Workload } from './measure/workload.ts';
import type { BenchOptions } from './options.ts';
import { progress } from './report/progress.ts';
import type { Outcome } from './report/report.ts';
import type { Subject } from './subjects/subject.ts';

/** What a server can carry: this many clients, each of which waits for its answer before it asks again. */
const CARRIED = { label: '64 in flight', inFlight: '64' };
/** How often that rate is asked of it, by clients that do not wait. */
const TIMES = 3;
const OVER = { label: `${TIMES} times that rate`, inFlight: '1500' };
const AFTER = 'right afterwards';

export const overloadBeside = CARRIED.label;

const BUCKET = 'bench-overload';
const OBJECTS = '2000';

function workload(op: 'get' | 'put', subject: Subject, args: (mark: string) => readonly string[]): Workload {
  const keys = (mark: string): string[] => (op === 'get' ? ['--objects', OBJECTS] : ['--prefix', `${mark}/`]);
  return {
    name: `overload-${op}`,
    title: `${op.toUpperCase()} 4 KiB, ${subject.name}`,
    groups: [],
    figure: 'opsPerSecond',
    bucket: BUCKET,
    measure: (mark) => ['--op', op, ...keys(mark), ...args(mark)],
  };
}

/** One server below its bound, at three times its bound, and below it again, round after round. */
export async function overload(subject: Subject, op: 'get' | 'put', options: BenchOptions): Promise<Outcome> {
  const during = ['--duration', `${Math.round(options.seconds * 1000)}ms`];
  const carried = workload(op, subject, () => ['--in-flight', CARRIED.inFlight, ...during]);
  await load(subject, BUCKET, ['--create-bucket', '--op', 'put', '--count', OBJECTS]);
  await load(subject, BUCKET, [...carried.measure('warm'), '--duration', '8s']);
  const measured = new Map<string, Round[]>([CARRIED.label, OVER.label, AFTER].map((label) => [label, []]));
  for (let round = 0; round < options.rounds; round++) {
    const target = { label: subject.name, subject };
    const before = await measureOnce(target, carried);
    const rate = Math.round(TIMES * before.result.opsPerSecond);
    const open = workload(op, subject, () => ['--in-flight', OVER.inFlight, '--rate', String(rate), ...during]);
    const over = await measureOnce(target, open);
    const after = await measureOnce(target, carried);
    for (const [label, one] of [
      [CARRIED.label, before],
      [OVER.label, over],
      [AFTER, after],
    ] as const)
      measured.get(label)!.push(one);
    const [carries, keeps, again] = [before, over, after].map(({ result }) => result.opsPerSecond.toFixed(0));
    progress(`${op} ${round + 1}/${options.rounds} ${subject.name}: ${carries}, at ${rate} ${keeps}, then ${again}`);
  }
  return { workload: carried, measured };
}
