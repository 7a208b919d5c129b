import type { BlobStore } from '@coffer/blob-store';
import type { BusClient } from '@coffer/bus';
import type { Logger } from '@coffer/service-kit';
import type { Principals } from './authenticate/principals.ts';
import type { DigestThreads } from './checksums/digest-threads.ts';
import type { GatewayConfig } from './config.ts';
import type { Recorder } from './record/recorder.ts';
import type { BodyBudget } from './route/body.ts';
import type { Contexts } from './route/contexts.ts';
import type { BlobKeys } from './sealing/blob-keys.ts';
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
  readonly blobKeys: BlobKeys;
  readonly digests: DigestThreads;
  readonly uploads: Uploads;
  readonly recorder: Recorder;
  /** Bytes of bodies read whole, all requests together. */
  readonly bodies: BodyBudget;
  readonly log: Logger;
}
