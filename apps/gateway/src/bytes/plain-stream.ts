import { Readable, type Writable } from 'node:stream';
import { objectStorage, type SegmentRef } from '@coffer/contracts';
import { open, Opener, planRange } from '@coffer/sealed-stream';
import type { Gateway } from '../gateway.ts';
import type { ByteRange } from './range.ts';
import { dataKeyOf, identityOf, type ReadRequest } from './read-request.ts';
import { countPassed } from './used-buffers.ts';

/** Bytes opened and not taken yet, at which reading waits. */
const AHEAD_BYTES = 1024 * 1024;

/**
 * Plain bytes of a version, one stretch after the other. What comes from the blob store is opened where it arrives and
 * goes on at once: every further stream on this way costs about as much as opening the bytes does. Lets go of everything
 * behind it when it is dropped, read or not.
 */
export class PlainStream extends Readable {
  /** Settles with the first byte, with the end, or with what went wrong before either. */
  readonly begun: Promise<void>;
  private readonly abort = new AbortController();
  private readonly request: ReadRequest;
  private readonly running: Promise<void>;
  /** Gives bytes at the moment, or waits until there is room for them. */
  private source: Readable | undefined;
  private wake: (() => void) | undefined;
  private begin!: () => void;
  private fail!: (error: unknown) => void;

  constructor(
    private readonly gateway: Gateway,
    request: ReadRequest,
  ) {
    super({ highWaterMark: AHEAD_BYTES });
    // It may fail before anybody reads: whoever comes then finds it in `errored`.
    this.on('error', () => undefined);
    this.request = { ...request, signal: AbortSignal.any([request.signal, this.abort.signal]) };
    this.begun = new Promise((resolve, reject) => {
      this.begin = resolve;
      this.fail = reject;
    });
    this.running = this.whole();
  }

  override _read(): void {
    this.source?.resume();
    this.wake?.();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.abort.abort();
    this.source?.destroy();
    this.wake?.();
    // Node's streams hand a callback down; there is nothing to await here.
    // eslint-disable-next-line promise/no-promise-in-callback
    void this.running.finally(() => done(error));
  }

  /** Never rejects. */
  private async whole(): Promise<void> {
    try {
      await this.run();
      this.push(null);
      this.begin();
    } catch (error) {
      this.fail(error);
      this.destroy(error instanceof Error ? error : new Error('a blob could not be read'));
    }
  }

  private async run(): Promise<void> {
    const { range } = this.request;
    if (!range) return;
    const dataKey = await dataKeyOf(this.gateway, this.request);
    try {
      let at = range.start;
      for await (const segment of this.segments()) {
        const end = Math.min(range.end, segment.offset + segment.size - 1);
        if (at > end) continue;
        await this.readSegment(dataKey, segment, { start: at - segment.offset, end: end - segment.offset });
        at = end + 1;
        if (at > range.end) return;
      }
      throw new Error('the stretches of a version end before its bytes do');
    } finally {
      dataKey.fill(0);
    }
  }

  private async *segments(): AsyncGenerator<SegmentRef> {
    const { context, version } = this.request;
    let list = this.request.segments;
    while (list.length > 0) {
      yield* list;
      const last = list[list.length - 1] as SegmentRef;
      if (last.offset + last.size >= version.size) return;
      const more = await this.gateway.bus.call(objectStorage.moreSegments, {
        bucketId: context.bucketId,
        key: version.key,
        internalVersionId: version.internalVersionId,
        fromPartNumber: last.partNumber + 1,
      });
      list = more.segments;
    }
  }

  private async readSegment(dataKey: Buffer, segment: SegmentRef, range: ByteRange): Promise<void> {
    const { body, size } = segment;
    const { signal } = this.request;
    const identity = identityOf(this.request, segment);
    if (body.kind === 'inline') {
      if (!this.give(open(dataKey, identity, body.sealed).subarray(range.start, range.end + 1))) await this.room();
      return;
    }
    const plan = planRange(size, range.start, range.end);
    const opener = new Opener(dataKey, identity, { range: plan, header: body.header });
    try {
      const sealed = await this.gateway.blobs.get(
        body.blobId,
        { start: plan.sealedStart, end: plan.sealedEnd },
        { signal },
      );
      await this.flow(sealed, opener);
    } finally {
      this.source = undefined;
      opener.wipe();
    }
  }

  /** Settles when all of it is opened and given on, or when it breaks off. */
  private flow(sealed: Readable, opener: Opener): Promise<void> {
    this.source = sealed;
    const give = (plain: Buffer): void => {
      if (!this.give(plain)) sealed.pause();
    };
    return new Promise((resolve, reject) => {
      sealed.once('error', reject);
      sealed.once('close', () => reject(new Error('a blob broke off')));
      sealed.on('data', (chunk: Buffer) => {
        try {
          opener.push(chunk, give);
        } catch (error) {
          sealed.destroy(error as Error);
        }
      });
      sealed.once('end', () => {
        try {
          opener.end(give);
          resolve();
        } catch (error) {
          reject(error);
        }
      });
      // Dropped while the blob store was asked.
      if (this.destroyed) sealed.destroy();
    });
  }

  /** False when what is given next should wait until there is room. */
  private give(plain: Buffer): boolean {
    countPassed(plain.length);
    const room = this.push(plain);
    this.begin();
    return room;
  }

  private async room(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    this.wake = undefined;
    this.request.signal.throwIfAborted();
  }
}

/** Lets the bytes flow into `sink`. Each of the two fails with the other, also when that has happened already. */
export function pourInto(sink: Writable, bytes: Readable): void {
  if (bytes.errored) {
    sink.destroy(bytes.errored);
    return;
  }
  bytes.once('error', (error) => sink.destroy(error));
  sink.once('close', () => bytes.destroy());
  bytes.pipe(sink);
}
