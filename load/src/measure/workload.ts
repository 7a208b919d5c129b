import type { ClientResult } from '../client/result.ts';
import type { Subject } from '../subjects/subject.ts';

/** What one workload is put on: a subject, or one of several states of a subject. */
export interface Target {
  readonly label: string;
  readonly subject: Subject;
  /** In place of the workload, where the same thing has other options for this target. */
  readonly workload?: Workload;
}

export interface Scale {
  /** How long each run measures, where a run is not a fixed count. */
  readonly seconds: number;
  /** Keys of the listing as a whole. */
  readonly listed: number;
  /** How long small requests are made before the first round, 8 unless told. */
  readonly warmUpSeconds?: number;
}

export interface Workload {
  readonly name: string;
  readonly title: string;
  /** Names of `--only` that choose it besides its own. */
  readonly groups: readonly string[];
  readonly figure: keyof Pick<ClientResult, 'opsPerSecond' | 'mibPerSecond' | 'entriesPerSecond'>;
  readonly bucket: string;
  /** What has to be there; equal names are written once. */
  readonly seed?: { readonly name: string; readonly write: (subject: Subject, bucket: string) => Promise<void> };
  /** Options of the load client for what comes before each run and is not measured. `mark` is a number unlike all others. */
  before?(mark: string): readonly string[];
  /** Options of the load client for one measured run. */
  measure(mark: string): readonly string[];
  /** As `measure`, shorter, for the run that is thrown away; `measure` when absent. */
  warmUp?(mark: string): readonly string[];
}

export const units: Readonly<Record<Workload['figure'], string>> = {
  opsPerSecond: 'ops/s',
  mibPerSecond: 'MiB/s',
  entriesPerSecond: 'entries/s',
};

/** The workloads that `--only` names, by name or group; all when nothing is named. */
export function chosen(workloads: readonly Workload[], only: readonly string[]): Workload[] {
  if (only.length === 0) return [...workloads];
  return workloads.filter(({ name, groups }) => [name, ...groups].some((each) => only.includes(each)));
}
