import { InProcessHub, inProcessTransport, handle, type BusClient } from '@coffer/bus';
import {
  governance,
  identity,
  objectStorage,
  type BucketContext,
  type Caller,
  type Contract,
  type Forwarded,
  type ForwardedReply,
  type RequestOf,
  type ReplyOf,
  type RequestRecord,
} from '@coffer/contracts';
import { newBlobId } from '@coffer/blob-store';
import type { Database } from '@coffer/database';
import { createLogger, startNest, type RunningService } from '@coffer/service-kit';
import { scratchFolder, testPostgres, type TestPostgres } from '@coffer/testing';
import { Module } from '@nestjs/common';
import { randomBytes, randomUUID } from 'node:crypto';
import { objectStorage as definition } from '../index.ts';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export function newRequestId(): string {
  return Array.from(randomBytes(26), (byte) => CROCKFORD[byte % 32]).join('');
}

export const alice = { accountId: '111122223333', canonicalId: 'a'.repeat(64) };
export const bob = { accountId: '444455556666', canonicalId: 'b'.repeat(64) };

export function callerOf(account = alice, region = 'us-east-1'): Caller {
  return {
    requestId: newRequestId(),
    principal: {
      kind: 'root',
      accountId: account.accountId,
      arn: `arn:aws:iam::${account.accountId}:root`,
      userId: account.accountId,
      canonicalId: account.canonicalId,
    },
    region,
  };
}

export function draftOf(caller: Caller, operation: string, more: Partial<RequestRecord> = {}): RequestRecord {
  return {
    requestId: caller.requestId,
    phase: 'draft',
    time: Date.now(),
    gateway: 'test',
    region: caller.region,
    api: 's3',
    operation,
    method: 'POST',
    uri: '/',
    ...more,
  };
}

type Grant = (
  versions: { bucketId: string; key: string; internalVersionId: string }[],
) => ({ grantId: string } | { refused: string })[];

class Nothing {}
Module({})(Nothing);

/** Governance and identity as far as object storage asks them; real services have tests of their own. */
export interface Neighbours {
  grant: Grant;
  asked: string[];
  settled: string[];
  pending: ReplyOf<typeof governance.pendingGrants>['grants'];
  /** ARN → unique id. */
  ids: Map<string, string>;
}

async function startNeighbours(hub: InProcessHub, neighbours: Neighbours): Promise<() => Promise<void>> {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const gate = await startNest(
    Nothing,
    inProcessTransport(hub, 'governance'),
    [
      handle(governance.grantDeletion, async ({ versions }) => {
        neighbours.asked.push(...versions.map((version) => version.internalVersionId));
        return { results: neighbours.grant(versions) };
      }),
      handle(governance.pendingGrants, async () => ({ grants: neighbours.pending })),
      handle(governance.settleGrants, async ({ grantIds }) => {
        neighbours.settled.push(...grantIds);
        neighbours.pending = neighbours.pending.filter((grant) => !grantIds.includes(grant.grantId));
        return {};
      }),
    ],
    logger,
  );
  const principals = await startNest(
    Nothing,
    inProcessTransport(hub, 'identity'),
    [
      handle(identity.resolvePrincipals, async ({ arns, ids }) => {
        const arnOf = new Map([...neighbours.ids].map(([arn, id]) => [id, arn]));
        return {
          byArn: Object.fromEntries(arns.map((arn) => [arn, neighbours.ids.get(arn) ?? null])),
          byId: Object.fromEntries(ids.map((id) => [id, arnOf.get(id) ?? null])),
        };
      }),
    ],
    logger,
  );
  return async () => {
    await gate.close();
    await principals.close();
  };
}

export type CommitRequest = RequestOf<typeof objectStorage.commit>;

/** Object storage on a real Postgres, called as the gateway calls it. */
export class World {
  readonly db: Database;
  readonly gateway: BusClient;
  readonly operator: BusClient;
  /** Opens another gateway, whose calls gather in batches of their own. */
  readonly newGateway: () => BusClient;
  readonly neighbours: Neighbours;
  readonly blobFolder: string;
  readonly #stop: () => Promise<void>;

  constructor(parts: {
    db: Database;
    gateway: BusClient;
    operator: BusClient;
    newGateway: () => BusClient;
    neighbours: Neighbours;
    blobFolder: string;
    stop: () => Promise<void>;
  }) {
    this.db = parts.db;
    this.gateway = parts.gateway;
    this.operator = parts.operator;
    this.newGateway = parts.newGateway;
    this.neighbours = parts.neighbours;
    this.blobFolder = parts.blobFolder;
    this.#stop = parts.stop;
  }

  close(): Promise<void> {
    return this.#stop();
  }

  call<Request, Reply>(contract: Contract<Request, Reply>, message: Request): Promise<Reply> {
    return this.gateway.call(contract, message);
  }

  /** A forwarded operation; mutations carry a draft, and the bucket's present revision unless told otherwise. */
  async op(
    name: keyof typeof objectStorage.objectReads | keyof typeof objectStorage.objectMutations,
    input: Record<string, unknown>,
    options: { caller?: Caller; bucket?: BucketContext } = {},
  ): Promise<Record<string, unknown>> {
    const contract = { ...objectStorage.objectReads, ...objectStorage.objectMutations }[name] as Contract<
      Forwarded,
      ForwardedReply
    >;
    const caller = options.caller ?? callerOf();
    const { output } = await this.call(contract, {
      caller,
      input,
      time: Date.now(),
      ...(options.bucket ? { revision: options.bucket.revision } : {}),
      ...(name in objectStorage.objectMutations ? { draft: draftOf(caller, name) } : {}),
    });
    return output;
  }

  /** A bucket with a first bucket key, in the versioning state asked for. */
  async bucket(
    options: { versioning?: 'Enabled' | 'Suspended'; protect?: boolean; account?: typeof alice } = {},
  ): Promise<BucketContext> {
    const name = `b-${randomUUID()}`;
    const caller = callerOf(options.account);
    await this.op('CreateBucket', { Bucket: name }, { caller });
    const context = await this.context(name);
    await this.call(objectStorage.offerBucketKey, {
      bucketId: context.bucketId,
      key: { id: 'key-1', wrapped: randomBytes(40), createdAt: Date.now() },
    });
    if (options.versioning) await this.setVersioning(name, options.versioning);
    if (options.protect) await this.protect(name);
    return await this.context(name);
  }

  async setVersioning(name: string, Status: 'Enabled' | 'Suspended'): Promise<BucketContext> {
    await this.op('PutBucketVersioning', { Bucket: name, VersioningConfiguration: { Status } });
    return await this.context(name);
  }

  async protect(name: string): Promise<void> {
    await this.db.execute(
      { name: '', text: 'UPDATE buckets SET protected = true, revision = revision + 1 WHERE name = $1' },
      [name],
    );
  }

  context(bucket: string): Promise<BucketContext> {
    return this.call(objectStorage.context, { bucket });
  }

  commitRequest(bucket: BucketContext, key: string, more: Partial<CommitRequest> = {}): CommitRequest {
    const caller = more.caller ?? callerOf();
    return {
      revision: bucket.revision,
      caller,
      time: Date.now(),
      key,
      internalVersionId: randomUUID(),
      body: { kind: 'inline', blobId: newBlobId(), sealed: randomBytes(30) },
      size: 5,
      etag: randomBytes(16).toString('hex'),
      headers: {},
      metadata: {},
      tags: [],
      encryption: { format: 1, mode: 'AES256', bucketKeyId: 'key-1', wrappedDataKey: randomBytes(60) },
      draft: draftOf(caller, 'PutObject', { bucket: bucket.name, key }),
      ...more,
    };
  }

  async put(bucket: BucketContext, key: string, more: Partial<CommitRequest> = {}) {
    const request = this.commitRequest(bucket, key, more);
    const reply = await this.call(objectStorage.commit, request);
    return { ...reply, request };
  }

  locate(bucket: BucketContext, key: string, more: Partial<RequestOf<typeof objectStorage.locate>> = {}) {
    return this.call(objectStorage.locate, { revision: bucket.revision, key, want: 'bytes', ...more });
  }

  async remove(
    bucket: BucketContext,
    entries: RequestOf<typeof objectStorage.deleteVersions>['entries'],
    more: Partial<RequestOf<typeof objectStorage.deleteVersions>> = {},
  ): Promise<ReplyOf<typeof objectStorage.deleteVersions>> {
    const caller = callerOf();
    const operation = entries.length === 1 ? 'DeleteObject' : 'DeleteObjects';
    return await this.call(objectStorage.deleteVersions, {
      revision: bucket.revision,
      caller,
      time: Date.now(),
      entries,
      draft: draftOf(caller, operation, { bucket: bucket.name }),
      ...more,
    });
  }

  /** Begins an upload and gives back functions that store parts, complete and abort it. */
  async upload(bucket: BucketContext, key: string, more: Partial<RequestOf<typeof objectStorage.createUpload>> = {}) {
    const caller = callerOf();
    const { uploadId } = await this.call(objectStorage.createUpload, {
      revision: bucket.revision,
      caller,
      time: Date.now(),
      key,
      internalVersionId: randomUUID(),
      headers: {},
      metadata: {},
      tags: [],
      encryption: { format: 1, mode: 'AES256', bucketKeyId: 'key-1', wrappedDataKey: randomBytes(60) },
      draft: draftOf(caller, 'CreateMultipartUpload', { bucket: bucket.name, key }),
      ...more,
    });
    const part = async (
      partNumber: number,
      size: number,
      extra: Partial<RequestOf<typeof objectStorage.commitPart>> = {},
    ) => {
      const request = {
        revision: bucket.revision,
        caller: callerOf(),
        time: Date.now(),
        key,
        uploadId,
        partNumber,
        body: { kind: 'blob' as const, blobId: newBlobId(), sealedSize: size + 100, header: randomBytes(8) },
        size,
        etag: randomBytes(16).toString('hex'),
        ...extra,
      };
      const draft = draftOf(request.caller, 'UploadPart', { bucket: bucket.name, key });
      await this.call(objectStorage.commitPart, { ...request, draft });
      return request;
    };
    const complete = (
      parts: RequestOf<typeof objectStorage.completeUpload>['parts'],
      extra: Partial<RequestOf<typeof objectStorage.completeUpload>> = {},
    ) => {
      const completer = extra.caller ?? callerOf();
      return this.call(objectStorage.completeUpload, {
        revision: bucket.revision,
        caller: completer,
        time: Date.now(),
        key,
        uploadId,
        parts,
        draft: draftOf(completer, 'CompleteMultipartUpload', { bucket: bucket.name, key }),
        ...extra,
      });
    };
    const abort = () =>
      this.op('AbortMultipartUpload', { Bucket: bucket.name, Key: key, UploadId: uploadId }, { bucket });
    return { uploadId, part, complete, abort };
  }

  query<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    return this.db.query<Row>({ name: '', text }, values);
  }
}

export async function startWorld(env: NodeJS.ProcessEnv = {}): Promise<World> {
  const postgres: TestPostgres = await testPostgres('objects');
  const scratch = await scratchFolder('blobs');
  const hub = new InProcessHub();
  const neighbours: Neighbours = {
    grant: (versions) => versions.map((version) => ({ grantId: `grant-${version.internalVersionId}` })),
    asked: [],
    settled: [],
    pending: [],
    ids: new Map(),
  };
  const stopNeighbours = await startNeighbours(hub, neighbours);
  const service: RunningService = await definition.start({
    env: {
      COFFER_DATABASE_URL: postgres.urlFor('object-storage'),
      COFFER_BLOB_FOLDER: scratch.path,
      COFFER_COLLECT_INTERVAL_MS: '0',
      COFFER_ROLL_FORWARD_INTERVAL_MS: '0',
      ...env,
    },
    transport: inProcessTransport(hub, 'object-storage'),
    logger: createLogger({ service: 'object-storage', level: process.env['COFFER_TEST_LOG'] ?? 'silent' }),
  });
  return new World({
    db: postgres.open('object-storage'),
    gateway: inProcessTransport(hub, 'gateway').client,
    operator: inProcessTransport(hub, 'operator').client,
    newGateway: () => inProcessTransport(hub, 'gateway').client,
    neighbours,
    blobFolder: scratch.path,
    stop: async () => {
      await service.stop();
      await stopNeighbours();
      await postgres.close();
      await scratch.remove();
    },
  });
}
