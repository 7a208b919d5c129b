import { Transform } from 'node:stream';
import type { TransformCallback } from 'node:stream';
import { SEGMENT_SIZE } from './format.ts';
import type { BlobIdentity } from './header.ts';
import { Opener, type OpenOptions } from './opener.ts';

const SEGMENTS_AHEAD = 4;

/**
 * Sealed bytes in, plain bytes out. No byte comes out before its segment is authenticated; the stream fails with a
 * SealError when the input is not exactly the header and segments that were sealed, down to the last byte.
 */
export class OpenStream extends Transform {
  readonly #opener: Opener;
  readonly #give = (plain: Buffer): void => void this.push(plain);

  /** @throws what the constructor of {@link Opener} throws. */
  constructor(dataKey: Uint8Array, identity: BlobIdentity, options: OpenOptions = {}) {
    super({
      writableHighWaterMark: SEGMENTS_AHEAD * SEGMENT_SIZE,
      // Piece by piece: a stream of bytes would join what waits, and so copy it, for each who iterates.
      readableObjectMode: true,
      readableHighWaterMark: SEGMENTS_AHEAD,
    });
    this.#opener = new Opener(dataKey, identity, options);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    try {
      this.#opener.push(chunk, this.#give);
      callback();
    } catch (error) {
      callback(error as Error);
    }
  }

  override _flush(callback: TransformCallback): void {
    try {
      this.#opener.end(this.#give);
      callback();
    } catch (error) {
      callback(error as Error);
    }
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#opener.wipe();
    callback(error);
  }
}
