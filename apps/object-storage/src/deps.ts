import type { BlobStore } from '@coffer/blob-store';
import type { BusClient } from '@coffer/bus';
import type { Database, Outbox } from '@coffer/database';
import type { ObjectStorageConfig } from './config.ts';
import type { WaitingRoom } from './shared/waiting-room.ts';
import type { OpaqueIds } from './shared/opaque-ids.ts';

/** What the service writes to its log; a pino logger fits. */
export interface Log {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** Everything an operation may use, made once at start. */
export interface Deps {
  readonly db: Database;
  readonly outbox: Outbox;
  /** For those whose locks are not free. */
  readonly waiting: WaitingRoom;
  readonly bus: BusClient;
  readonly blobs: BlobStore;
  readonly ids: OpaqueIds;
  readonly config: ObjectStorageConfig;
  readonly log: Log;
  /** When this process started, in milliseconds since 1970 UTC. */
  readonly startedAt: number;
}
