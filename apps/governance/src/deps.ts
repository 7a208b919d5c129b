import type { Database } from '@coffer/database';
import type { ReadStates } from './rules/read-states.ts';
import type { Rule } from './rules/rule.ts';

/** What every operation of governance works with. */
export interface Deps {
  readonly database: Database;
  readonly rules: readonly Rule[];
  readonly readStates: ReadStates;
  /** When this process started, in milliseconds since 1970 UTC. */
  readonly startedAt: number;
}
