import type { BlobStore } from '@coffer/blob-store';
import type { BusClient } from '@coffer/bus';
import type { Logger } from '@coffer/service-kit';
import type { Principals } from './authenticate/principals.ts';
import type { GatewayConfig } from './config.ts';
import type { Recorder } from './record/recorder.ts';
import type { Contexts } from './route/contexts.ts';
import type { BucketKeys } from './sealing/bucket-keys.ts';
import type { Uploads } from './bytes/uploads.ts';

/** What the stages and operations work with; one for each process. */
export interface Gateway {
  readonly name: string;
  readonly config: GatewayConfig;
  readonly bus: BusClient;
  readonly blobs: BlobStore;
  readonly contexts: Contexts;
  readonly principals: Principals;
  readonly keys: BucketKeys;
  readonly uploads: Uploads;
  readonly recorder: Recorder;
  readonly log: Logger;
}
