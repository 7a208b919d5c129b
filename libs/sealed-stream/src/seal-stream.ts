import { Writable } from 'node:stream';
import { callbackify } from 'node:util';
import { SealError } from './errors.ts';
import { SEALED_SEGMENT_SIZE, SEGMENT_SIZE, sealedSize, segmentCount } from './format.ts';
import { newBlobKey, wipeKey } from './header.ts';
import type { BlobIdentity, BlobKey } from './header.ts';
import { Pieces, releaseBuffer } from './pieces.ts';
import { sealSegment } from './segments.ts';

const HIGH_WATER_MARK = 4 * SEGMENT_SIZE;

/**
 * Plain bytes in by writing, sealed bytes out by iterating: `sealedSize(size)` bytes in pieces of half a MiB.
 *
 * Pieces lie in memory that is used again, because memory that is new for each is what a stream of large bodies pays
 * most for. So a piece is valid until the next one is asked for; the last one until {@link recycle} is called.
 * Writing waits while two pieces are there that nobody has asked for or is done with.
 */
export class SealStream extends Writable implements AsyncIterable<Uint8Array> {
  /** The header of this body, known at once. Keep it with the metadata: ranged reads then need one request. */
  readonly header: Buffer;
  readonly #key: BlobKey;
  readonly #size: number;
  readonly #segments: number;
  readonly #pieces: Pieces;
  /** Holds a segment whose bytes came in several chunks. */
  #staging: Buffer | undefined;
  #staged = 0;
  #index = 0;
  #piece: Buffer | undefined;
  #filled = 0;

  /**
   * @param size plain bytes that will be written, no more and no less.
   * @throws TypeError when the key has not 32 bytes or the identity is incomplete; RangeError for a size that the format
   * cannot hold. The data key is not kept.
   */
  constructor(dataKey: Uint8Array, identity: BlobIdentity, size: number) {
    super({ highWaterMark: HIGH_WATER_MARK });
    this.#pieces = new Pieces(sealedSize(size));
    this.#size = size;
    this.#segments = segmentCount(size);
    this.#key = newBlobKey(dataKey, identity);
    this.header = Buffer.from(this.#key.header);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () => this.#pieces.next(),
      return: async () => {
        // Whoever stops early wants no more; a body that was sealed to its end goes on to finish by itself.
        if (!this.#pieces.ended) this.destroy();
        return { done: true, value: undefined };
      },
    };
  }

  /** Gives the memory of the pieces back. Call it once nobody uses the last piece any more. */
  recycle(): void {
    this.#pieces.recycle();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    callbackify(() => this.#take(chunk))(done);
  }

  override _final(done: (error?: Error | null) => void): void {
    callbackify(() => this.#finish())(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#wipe();
    // A stream that has taken everything closes by itself; what it sealed is still to be read.
    if (error || !this.#pieces.ended) {
      this.#pieces.fail(error ?? new SealError('truncated', 'The stream was closed before its content was whole.'));
    }
    done(error);
  }

  async #take(chunk: Buffer): Promise<void> {
    if (chunk.length > this.#missing()) throw new SealError('too-long', 'More bytes came than were announced.');
    for (let at = 0; at < chunk.length;) {
      const wanted = Math.min(SEGMENT_SIZE, this.#size - this.#index * SEGMENT_SIZE) - this.#staged;
      const part = chunk.subarray(at, at + wanted);
      at += part.length;
      if (this.#staged === 0 && part.length === wanted) await this.#seal(part);
      else {
        const segment = this.#stage(part);
        if (part.length === wanted) {
          this.#staged = 0;
          await this.#seal(segment);
        }
      }
    }
  }

  async #finish(): Promise<void> {
    if (this.#missing() > 0) throw new SealError('truncated', 'Fewer bytes came than were announced.');
    // Only an empty body has an empty segment.
    if (this.#size === 0) await this.#seal(Buffer.alloc(0));
    this.#pieces.end();
    this.#wipe();
  }

  #missing(): number {
    return Math.max(0, this.#size - this.#index * SEGMENT_SIZE - this.#staged);
  }

  /** Copies a part of a segment to those that came before; gives what is there by now. */
  #stage(part: Buffer): Buffer {
    // Not from the shared pool: this buffer is overwritten at the end and must not share memory with others.
    this.#staging ??= Buffer.allocUnsafeSlow(SEGMENT_SIZE);
    part.copy(this.#staging, this.#staged);
    this.#staged += part.length;
    return this.#staging.subarray(0, this.#staged);
  }

  async #seal(segment: Uint8Array): Promise<void> {
    const piece = (this.#piece ??= await this.#pieces.blank());
    if (this.#index === 0) this.#filled = this.header.copy(piece);
    const last = this.#index === this.#segments - 1;
    const { body, tag } = sealSegment(this.#key, this.#index, last, segment);
    this.#index += 1;
    this.#filled += body.copy(piece, this.#filled);
    this.#filled += tag.copy(piece, this.#filled);
    releaseBuffer(body);
    if (!last && piece.length - this.#filled >= SEALED_SEGMENT_SIZE) return;
    this.#pieces.give(piece.subarray(0, this.#filled));
    this.#piece = undefined;
    this.#filled = 0;
  }

  #wipe(): void {
    wipeKey(this.#key);
    this.#staging?.fill(0);
  }
}
