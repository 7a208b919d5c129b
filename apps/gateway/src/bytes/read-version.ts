import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { objectStorage, type BucketContext, type SegmentRef, type VersionFacts } from '@coffer/contracts';
import {
  open,
  openUnder,
  OpenStream,
  planRange,
  readBlobKey,
  type BlobIdentity,
  type BlobKey,
} from '@coffer/sealed-stream';
import type { Gateway } from '../gateway.ts';
import type { ByteRange } from './range.ts';
import { countPassed } from './used-buffers.ts';

export interface ReadRequest {
  readonly context: BucketContext;
  readonly version: VersionFacts;
  /** Where the bytes lie, beginning with the stretch that holds the range's first byte. */
  readonly segments: readonly SegmentRef[];
  /** Undefined for an empty object. */
  readonly range: ByteRange | undefined;
  readonly signal: AbortSignal;
}

/**
 * Plain bytes of a stored version. Rejects when the first of them cannot be opened, so that a damaged or missing blob
 * is an error to the client and not a broken 200.
 */
export async function readVersion(gateway: Gateway, request: ReadRequest): Promise<Readable> {
  const abort = new AbortController();
  const signal = AbortSignal.any([request.signal, abort.signal]);
  const bytes = plainBytes(gateway, { ...request, signal });
  const first = await bytes.next();
  return new PlainStream(bytes, first, abort);
}

/**
 * The bytes of a version that lie whole beside its row, without a stream, which would cost more than opening them.
 * Undefined when they lie elsewhere.
 */
export async function readBesideRow(gateway: Gateway, request: ReadRequest): Promise<Buffer | undefined> {
  const { version, segments, range } = request;
  const [segment] = segments;
  if (version.partsCount !== undefined || segment?.body.kind !== 'inline') return undefined;
  if (!range) return Buffer.alloc(0);
  const { sealed } = segment.body;
  const identity = identityOf(request, segment);
  const key = gateway.blobKeys.get(identity, sealed) ?? (await readKey(gateway, request, identity, sealed));
  const bytes = openUnder(key, sealed).subarray(range.start, range.end + 1);
  countPassed(bytes.length);
  return bytes;
}

async function readKey(
  gateway: Gateway,
  request: ReadRequest,
  identity: BlobIdentity,
  sealed: Uint8Array,
): Promise<BlobKey> {
  const dataKey = await dataKeyOf(gateway, request);
  try {
    const key = readBlobKey(dataKey, identity, sealed);
    gateway.blobKeys.keep(identity, key);
    return key;
  } finally {
    dataKey.fill(0);
  }
}

/** What a generator gives, as a stream that lets go of everything behind it when it is dropped, read or not. */
class PlainStream extends Readable {
  constructor(
    private readonly bytes: AsyncGenerator<Buffer>,
    private first: IteratorResult<Buffer> | undefined,
    private readonly abort: AbortController,
  ) {
    super({ highWaterMark: 1024 * 1024 });
  }

  override _read(): void {
    const first = this.first;
    this.first = undefined;
    const next = first ? Promise.resolve(first) : this.bytes.next();
    next.then(
      ({ done, value }) => {
        if (done) return this.push(null);
        countPassed(value.length);
        return this.push(value);
      },
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error('a blob could not be read')),
    );
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.abort.abort();
    // Node's streams hand a callback down; there is nothing to await here.
    // eslint-disable-next-line promise/no-promise-in-callback
    void this.bytes.return(undefined).finally(() => done(error));
  }
}

async function* plainBytes(gateway: Gateway, request: ReadRequest): AsyncGenerator<Buffer> {
  const { range } = request;
  if (!range) return;
  const dataKey = await dataKeyOf(gateway, request);
  try {
    let at = range.start;
    for await (const segment of segmentsFrom(gateway, request)) {
      const end = Math.min(range.end, segment.offset + segment.size - 1);
      if (at > end) continue;
      yield* segmentBytes(gateway, request, dataKey, segment, {
        start: at - segment.offset,
        end: end - segment.offset,
      });
      at = end + 1;
      if (at > range.end) return;
    }
    throw new Error('the stretches of a version end before its bytes do');
  } finally {
    dataKey.fill(0);
  }
}

function dataKeyOf(gateway: Gateway, { context, version }: ReadRequest): Promise<Buffer> {
  return gateway.keys.dataKey(context, version.encryption, {
    bucketId: context.bucketId,
    key: version.key,
    internalVersionId: version.internalVersionId,
  });
}

function identityOf({ context, version }: ReadRequest, { body }: SegmentRef): BlobIdentity {
  return {
    bucketId: context.bucketId,
    key: version.key,
    versionId: version.internalVersionId,
    blobId: body.blobId,
  };
}

async function* segmentsFrom(
  gateway: Gateway,
  { context, version, segments }: ReadRequest,
): AsyncGenerator<SegmentRef> {
  let list = segments;
  while (list.length > 0) {
    yield* list;
    const last = list[list.length - 1] as SegmentRef;
    if (last.offset + last.size >= version.size) return;
    const more = await gateway.bus.call(objectStorage.moreSegments, {
      bucketId: context.bucketId,
      key: version.key,
      internalVersionId: version.internalVersionId,
      fromPartNumber: last.partNumber + 1,
    });
    list = more.segments;
  }
}

async function* segmentBytes(
  gateway: Gateway,
  request: ReadRequest,
  dataKey: Buffer,
  segment: SegmentRef,
  range: ByteRange,
): AsyncGenerator<Buffer> {
  const { body, size } = segment;
  const identity = identityOf(request, segment);
  if (body.kind === 'inline') {
    yield open(dataKey, identity, body.sealed).subarray(range.start, range.end + 1);
    return;
  }
  const plan = planRange(size, range.start, range.end);
  const sealed = await gateway.blobs.get(
    body.blobId,
    { start: plan.sealedStart, end: plan.sealedEnd },
    {
      signal: request.signal,
    },
  );
  const opening = new OpenStream(dataKey, identity, { range: plan, header: body.header });
  const flowing = pipeline(sealed, opening);
  flowing.catch(() => undefined);
  for await (const chunk of opening) yield chunk as Buffer;
  await flowing;
}
