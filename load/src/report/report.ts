import type { Measured, Round } from '../measure/rounds.ts';
import { median, ratio, type Ratio } from '../measure/statistics.ts';
import { units, type Workload } from '../measure/workload.ts';
import { figure, table } from './table.ts';
import { targets } from './targets.ts';

/** One workload with what was measured. */
export interface Outcome {
  readonly workload: Workload;
  readonly measured: Measured;
}

const values = (rounds: readonly Round[], { figure: name }: Workload): number[] =>
  rounds.map(({ result }) => result[name]);

export function ratioOf({ workload, measured }: Outcome, label: string, beside: string): Ratio | undefined {
  const [mine, others] = [measured.get(label), measured.get(beside)];
  return mine && others ? ratio(values(mine, workload), values(others, workload)) : undefined;
}

export function labelsOf(outcomes: readonly Outcome[]): string[] {
  return [...new Set(outcomes.flatMap(({ measured }) => [...measured.keys()]))];
}

/** Medians of the rounds, and ratios beside one of the labels where it was measured, with the lowest and highest round. */
export function figuresTable(outcomes: readonly Outcome[], beside?: string): string {
  const labels = labelsOf(outcomes);
  const compared = beside !== undefined && labels.includes(beside) ? labels.filter((label) => label !== beside) : [];
  const rows = outcomes.map((outcome) => {
    const { workload, measured } = outcome;
    const medians = labels.map((label) => figure(median(values(measured.get(label) ?? [], workload))));
    const ratios = compared.map((label) =>
      shownRatio(ratioOf(outcome, label, beside!), beside === 'minio' ? targets[workload.name] : undefined, label),
    );
    return [workload.title, units[workload.figure], ...medians, ...ratios];
  });
  return table(['', 'unit', ...labels, ...compared.map((label) => `${label} / ${beside}`)], rows);
}

function shownRatio(
  of: Ratio | undefined,
  target: { embedded: number; native: number } | undefined,
  label: string,
): string {
  if (!of) return '–';
  const wanted = label === 'embedded' || label === 'native' ? target?.[label] : undefined;
  const mark = wanted === undefined ? '' : `, target ${wanted}${of.median >= wanted ? '' : ': BELOW'}`;
  return `${figure(of.median)} (${figure(of.lowest)}–${figure(of.highest)})${mark}`;
}

/** Milliseconds of a request, medians of the rounds' p50 and p99. */
export function latencyTable(outcomes: readonly Outcome[]): string {
  const labels = labelsOf(outcomes);
  const rows = outcomes.map(({ workload, measured }) => [
    workload.title,
    ...labels.map((label) => {
      const rounds = measured.get(label) ?? [];
      const of = (name: 'p50Ms' | 'p99Ms'): string => figure(median(rounds.map(({ result }) => result[name])));
      const slowed = rounds.flatMap(({ result }) => result.slowedP99Ms ?? []);
      const refused = slowed.length === 0 ? '' : `, refused within ${figure(median(slowed))}`;
      return `${of('p50Ms')} / ${of('p99Ms')}${refused}`;
    }),
  ]);
  return table(['p50 / p99, ms', ...labels], rows);
}

/** CPU of each process for each operation (of a listing: each page), medians of the rounds. */
export function cpuTable(outcomes: readonly Outcome[], beside?: string): string {
  const roles = [
    ...new Set(
      outcomes.flatMap(({ measured }) =>
        [...measured.values()].flatMap((all) => all.flatMap(({ cpuMicros }) => [...cpuMicros.keys()])),
      ),
    ),
  ].filter((role) => role !== 'client');
  const total = ({ cpuMicros }: Round): number => roles.reduce((sum, role) => sum + (cpuMicros.get(role) ?? 0), 0);
  const rows = outcomes.flatMap(({ workload, measured }) =>
    [...measured].map(([label, rounds]) => {
      const of = (role: string): number => median(rounds.map(({ cpuMicros }) => cpuMicros.get(role) ?? 0));
      const all = median(rounds.map(total));
      const others = measured.get(beside ?? '');
      const compared = others ? [figure(median(others.map(total)) / all)] : [];
      const shown = roles.map((role) => (rounds.some(({ cpuMicros }) => cpuMicros.has(role)) ? figure(of(role)) : ''));
      return [`${workload.name}, ${label}`, ...shown, figure(all), figure(of('client')), ...compared];
    }),
  );
  return table(
    [
      'CPU, µs an operation',
      ...roles,
      'server, all',
      'client',
      ...(beside === undefined ? [] : [`work per CPU / ${beside}`]),
    ],
    rows,
  );
}

/**
 * How much of the processor the client took, which no server had, and how much others on this machine took: where that
 * is much, the figures say little.
 */
export function sharesTable(outcomes: readonly Outcome[], cores: number): string {
  const labels = labelsOf(outcomes);
  const rows = outcomes.map(({ workload, measured }) => [
    workload.name,
    ...labels.map((label) => {
      const rounds = measured.get(label) ?? [];
      const share = (of: (round: Round) => number): string =>
        figure(median(rounds.map((round) => (of(round) / cores) * 100)));
      return `${share(({ result }) => result.clientCpuSeconds / result.seconds)} / ${share(({ foreignCores }) => foreignCores)}`;
    }),
  ]);
  return table([`% of ${cores} cores: client / others`, ...labels], rows);
}

/** The largest share of the machine that others had while any of this was measured, medians of the rounds. */
export function foreignShare(outcomes: readonly Outcome[], cores: number): number {
  const shares = outcomes.flatMap(({ measured }) =>
    [...measured.values()].map((rounds) => median(rounds.map(({ foreignCores }) => foreignCores / cores))),
  );
  return Math.max(0, ...shares);
}
