import { Transform, type TransformCallback } from 'node:stream';
import type { ChecksumAlgorithm } from '@coffer/contracts';
import { newDigester, type Digester } from './algorithms.ts';

/** Passes bytes on unchanged and counts them into every digest that was asked for. */
export class DigestStream extends Transform {
  bytes = 0;
  private readonly counters: [ChecksumAlgorithm, Digester][];

  private constructor(counters: [ChecksumAlgorithm, Digester][]) {
    super({ readableHighWaterMark: 256 * 1024, writableHighWaterMark: 256 * 1024 });
    this.counters = counters;
  }

  static async of(wanted: Iterable<ChecksumAlgorithm>): Promise<DigestStream> {
    const names = [...new Set(wanted)];
    const counters = await Promise.all(
      names.map(async (name): Promise<[ChecksumAlgorithm, Digester]> => [name, await newDigester(name)]),
    );
    return new DigestStream(counters);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.count(chunk);
    done(null, chunk);
  }

  /** Counts bytes that do not flow through here. */
  count(chunk: Buffer): void {
    this.bytes += chunk.length;
    for (const [, counter] of this.counters) counter.update(chunk);
  }

  /** Raw values by algorithm; call once, after the last byte. */
  values(): ReadonlyMap<ChecksumAlgorithm, Buffer> {
    return new Map(this.counters.map(([name, counter]) => [name, counter.digest()]));
  }
}
