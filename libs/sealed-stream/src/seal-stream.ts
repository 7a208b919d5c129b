import { Transform } from 'node:stream';
import type { TransformCallback } from 'node:stream';
import { SEGMENT_SIZE } from './format.ts';
import { newBlobKey, wipeKey } from './header.ts';
import type { BlobIdentity, BlobKey } from './header.ts';
import { Segmenter } from './segmenter.ts';
import { sealSegment } from './segments.ts';

const HIGH_WATER_MARK = 4 * SEGMENT_SIZE;

/**
 * Plain bytes in, sealed bytes out: `sealedSize(n)` bytes for `n` bytes of input.
 *
 * Ciphertext and tag of a segment come as two chunks: joining them would cost a copy and an allocation of each segment.
 * A writer for which many small chunks are dear should gather (`writev`).
 */
export class SealStream extends Transform {
  /** The header of this body, known at once. Keep it with the metadata: ranged reads then need one request. */
  readonly header: Buffer;
  readonly #key: BlobKey;
  readonly #segmenter = new Segmenter(SEGMENT_SIZE);
  #index = 0;

  /** @throws TypeError when the key has not 32 bytes or the identity is incomplete. The data key is not kept. */
  constructor(dataKey: Uint8Array, identity: BlobIdentity) {
    super({ readableHighWaterMark: HIGH_WATER_MARK, writableHighWaterMark: HIGH_WATER_MARK });
    this.#key = newBlobKey(dataKey, identity);
    this.header = Buffer.from(this.#key.header);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    try {
      this.#segmenter.push(chunk, (segment) => this.#give(segment, false));
      callback();
    } catch (error) {
      callback(error as Error);
    }
  }

  override _flush(callback: TransformCallback): void {
    try {
      this.#give(this.#segmenter.end(), true);
      this.#wipe();
      callback();
    } catch (error) {
      callback(error as Error);
    }
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#wipe();
    callback(error);
  }

  #give(segment: Uint8Array, last: boolean): void {
    if (this.#index === 0) this.push(Buffer.from(this.header));
    const { body, tag } = sealSegment(this.#key, this.#index, last, segment);
    this.#index += 1;
    if (body.length > 0) this.push(body);
    this.push(tag);
  }

  #wipe(): void {
    wipeKey(this.#key);
    this.#segmenter.wipe();
  }
}
