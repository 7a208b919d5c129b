import type { Database } from '@coffer/database';
import type { Seal } from './root-key/seal.ts';

/** What every operation of the key service works with. */
export interface Deps {
  readonly database: Database;
  readonly seal: Seal;
  /** When this process started, in milliseconds since 1970 UTC. */
  readonly startedAt: number;
}
