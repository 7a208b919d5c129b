import type { FileCoverage } from './coverage.ts';

/** What a run is asked for. */
export interface Order {
  readonly root: string;
  /** Path of the target's module. */
  readonly module: string;
  readonly seconds: number;
  readonly seed: number;
  readonly shared: SharedArrayBuffer;
}

export interface Failure {
  readonly error: string;
  /** Shrunk, when the run lived long enough for it. */
  readonly input: Uint8Array | undefined;
}

/** What a run found. */
export interface Outcome {
  readonly name: string;
  readonly runs: number;
  readonly seconds: number;
  readonly outcomes: readonly (readonly [outcome: string, times: number])[];
  /** Bytes held early in the run and at its end. */
  readonly heldBefore: number;
  readonly heldAfter: number;
  readonly slowestMs: number;
  readonly coverage: readonly FileCoverage[];
  readonly failures: readonly Failure[];
}
