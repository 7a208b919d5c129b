import type { BusClient } from '@coffer/bus';
import type { Database, Outbox } from '@coffer/database';
import type { FirstAccountConfig } from './accounts/ensure-first-account.ts';
import type { LeaseWatch } from './epochs/lease-watch.ts';
import type { ServiceKey } from './secrets/service-key.ts';

/** What every operation of the identity service works with. */
export interface Deps {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly bus: BusClient;
  readonly serviceKey: ServiceKey;
  readonly leases: LeaseWatch;
  readonly firstAccount: FirstAccountConfig;
  /** When this process started, in milliseconds since 1970 UTC. */
  readonly startedAt: number;
}
