import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { History, Operation } from './history.ts';
import type { Linearizability } from './linearizability.ts';
import type { Done } from './run.ts';

/** One promise, and what was found against it. */
export interface Finding {
  readonly promise: string;
  readonly problems: readonly string[];
}

const SHOWN = 12;

function seconds(microseconds: number): string {
  return (microseconds / 1e6).toFixed(3);
}

function line({ client, kind, value, expect, start, end, what }: Operation): string {
  const held = `${kind} ${value || 'nothing'}${expect === undefined ? '' : ` instead of ${expect}`}`;
  return `    ${seconds(start)} to ${end === null ? '?' : seconds(end)}  client ${client}  ${held}: ${what}`;
}

/** The least that contradicts itself, for each key. */
export function violationsOf(result: Linearizability): string[] {
  return result.violations.map(({ key, verdict, answer, around = [] }) =>
    [
      `${key}: ${verdict}`,
      ...(answer ? ['  no order explains', line(answer), '  after', ...around.map(line)] : []),
    ].join('\n'),
  );
}

/** Counts of calls, faults and recoveries. */
export function summary(history: History, rounds: readonly Done[], result: Linearizability): string[] {
  const calls = [...history.counts].toSorted(([a], [b]) => a.localeCompare(b));
  const kinds = new Map<string, number>();
  for (const kind of rounds.flatMap((round) => round.kinds)) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const slowest = rounds.toSorted((a, b) => b.recovery.tookMs - a.recovery.tookMs)[0];
  return [
    'calls: answered / refused / without an answer',
    ...calls.map(([name, { done, refused, unknown }]) => `  ${name.padEnd(15)} ${done} / ${refused} / ${unknown}`),
    `${result.operations} operations on ${result.keys} keys checked, ${result.unknown} of them without an answer`,
    `${rounds.length} rounds; faults: ${[...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ')}`,
    ...(slowest
      ? [`longest until everything answered: ${slowest.recovery.tookMs} ms (${slowest.faults.join(' + ')})`]
      : []),
  ];
}

export function verdict(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ promise, problems }) => [
    `${problems.length === 0 ? 'kept  ' : 'BROKEN'}  ${promise}`,
    ...problems.slice(0, SHOWN).map((problem) => `  ${problem}`),
    ...(problems.length > SHOWN ? [`  and ${problems.length - SHOWN} more`] : []),
  ]);
}

export function writeCounts(file: string, findings: readonly Finding[], skipped: number): void {
  mkdirSync(dirname(file), { recursive: true });
  const failed = findings.filter(({ problems }) => problems.length > 0).length;
  writeFileSync(file, `${JSON.stringify({ passed: findings.length - failed, failed, skipped })}\n`);
}
