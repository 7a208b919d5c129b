import { Transform, type TransformCallback } from 'node:stream';
import type { ChecksumAlgorithm } from '@coffer/contracts';
import { newDigester, type Digester } from './algorithms.ts';
import type { DigestThreads } from './digest-threads.ts';
import type { ThreadedDigest } from './threaded-digest.ts';

/** Bodies from this many bytes on are counted on a thread of their own; below, handing them over costs as much. */
const LONG_BYTES = 512 * 1024;

/** Passes bytes on unchanged and counts them into every digest that was asked for. */
export class DigestStream extends Transform {
  private constructor(
    private readonly counters: readonly (readonly [ChecksumAlgorithm, Digester])[],
    private readonly threaded: ThreadedDigest | undefined,
  ) {
    super({ readableHighWaterMark: 256 * 1024, writableHighWaterMark: 256 * 1024 });
  }

  /** @param size how many bytes are expected */
  static async of(wanted: Iterable<ChecksumAlgorithm>, size: number, threads: DigestThreads): Promise<DigestStream> {
    const names = [...new Set(wanted)];
    const threaded = size >= LONG_BYTES ? threads.open(names) : undefined;
    if (threaded) return new DigestStream([], threaded);
    const counters = await Promise.all(names.map(async (name) => [name, await newDigester(name)] as const));
    return new DigestStream(counters, undefined);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (!this.threaded) {
      this.count(chunk);
      done(null, chunk);
      return;
    }
    void this.handOver(this.threaded, chunk, done);
  }

  private async handOver(threaded: ThreadedDigest, chunk: Buffer, done: TransformCallback): Promise<void> {
    try {
      await threaded.count(chunk);
    } catch (error) {
      done(error instanceof Error ? error : new Error('the digests of a body could not be counted'));
      return;
    }
    done(null, chunk);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (error) this.threaded?.drop();
    done(error);
  }

  /** Counts the bytes of a short body that does not flow through here. */
  count(chunk: Buffer): void {
    for (const [, counter] of this.counters) counter.update(chunk);
  }

  /**
   * What became of the body, and the raw values by algorithm. Call once.
   *
   * @param flow resolves when the last byte has flowed through here
   */
  async over<Body>(
    flow: Promise<Body> | Body,
  ): Promise<{ body: Body; values: ReadonlyMap<ChecksumAlgorithm, Buffer> }> {
    try {
      const body = await flow;
      const values = this.threaded
        ? await this.threaded.values()
        : new Map(this.counters.map(([name, counter]) => [name, counter.digest()] as const));
      return { body, values };
    } finally {
      // Whatever went wrong, the thread is not left with a body that nobody asks for.
      this.threaded?.drop();
    }
  }
}
