import type { Database } from '@coffer/database';
import type { Partitions } from './partitions/partitions.ts';

/** What every operation of audit works with. */
export interface Deps {
  readonly database: Database;
  readonly partitions: Partitions;
  /** When this process started, in milliseconds since 1970 UTC. */
  readonly startedAt: number;
  /** What is wrong with the background work, by its name; empty when all is well. */
  readonly background: ReadonlyMap<string, string>;
}
