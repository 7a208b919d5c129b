import { Transform } from 'node:stream';
import type { TransformCallback } from 'node:stream';
import { SealError } from './errors.ts';
import { HEADER_SIZE, SEALED_SEGMENT_SIZE, SEGMENT_SIZE } from './format.ts';
import { readBlobKey, wipeKey } from './header.ts';
import type { BlobIdentity, BlobKey } from './header.ts';
import { assertRangePlan } from './range.ts';
import type { RangePlan } from './range.ts';
import { Segmenter } from './segmenter.ts';
import { openLastSegment, openSegment } from './segments.ts';

const SEGMENTS_AHEAD = 4;

/** What the sealed bytes given to an {@link OpenStream} are. */
export interface OpenOptions {
  /** Only the segments `sealedStart` to `sealedEnd` of this plan are given; without it, the whole body is. */
  range?: RangePlan;
  /** The header, kept from the sealing. When present the input holds segments only; when absent it begins with it. */
  header?: Uint8Array;
}

/**
 * Sealed bytes in, plain bytes out. No byte comes out before its segment is authenticated; the stream fails with a
 * SealError when the input is not exactly the header and segments that were sealed, down to the last byte.
 */
export class OpenStream extends Transform {
  readonly #identity: BlobIdentity;
  readonly #range: RangePlan | undefined;
  readonly #segmenter = new Segmenter(SEALED_SEGMENT_SIZE);
  #dataKey: Buffer | undefined;
  #key: BlobKey | undefined;
  #headerParts: Buffer | undefined;
  #index: number;
  #skip: number;
  #take: number;
  /** Sealed segment bytes still to come; unknown for a whole body. */
  #missing: number;

  /**
   * @throws SealError when `header` is given and does not fit key and identity; TypeError or RangeError when a key,
   * identity or plan is malformed. The caller's data key is not kept.
   */
  constructor(dataKey: Uint8Array, identity: BlobIdentity, { range, header }: OpenOptions = {}) {
    super({
      writableHighWaterMark: SEGMENTS_AHEAD * SEGMENT_SIZE,
      // Segment by segment: a stream of bytes would join what waits, and so copy it, for each who iterates.
      readableObjectMode: true,
      readableHighWaterMark: SEGMENTS_AHEAD,
    });
    if (range) assertRangePlan(range);
    this.#identity = { ...identity };
    this.#range = range;
    this.#index = range?.firstSegment ?? 0;
    this.#skip = range?.skip ?? 0;
    this.#take = range?.take ?? Infinity;
    this.#missing = range ? range.sealedEnd - range.sealedStart + 1 : Infinity;
    if (header) this.#key = readBlobKey(dataKey, identity, header);
    else this.#dataKey = Buffer.from(dataKey);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    try {
      const segments = this.#key ? chunk : this.#readHeader(chunk);
      this.#missing -= segments.length;
      if (this.#missing < 0) throw new SealError('too-long', 'More sealed bytes came than the range has.');
      this.#segmenter.push(segments, (segment) =>
        this.#give(openSegment(this.#blobKey(), this.#index, false, segment)),
      );
      callback();
    } catch (error) {
      callback(error as Error);
    }
  }

  override _flush(callback: TransformCallback): void {
    try {
      const key = this.#blobKey();
      if (this.#range && this.#missing > 0) throw new SealError('truncated', 'The sealed range ends early.');
      const segment = this.#segmenter.end();
      const inner = this.#range !== undefined && this.#index < this.#range.segments - 1;
      this.#give(inner ? openSegment(key, this.#index, false, segment) : openLastSegment(key, this.#index, segment));
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

  /** Collects the header from the start of the input; returns what follows it. */
  #readHeader(chunk: Buffer): Buffer {
    const head = this.#headerParts ? Buffer.concat([this.#headerParts, chunk.subarray(0, HEADER_SIZE)]) : chunk;
    if (head.length < HEADER_SIZE) {
      this.#headerParts = Buffer.from(head);
      return Buffer.alloc(0);
    }
    const before = this.#headerParts?.length ?? 0;
    if (!this.#dataKey) throw new SealError('bad-format', 'The stream is closed.');
    this.#key = readBlobKey(this.#dataKey, this.#identity, head);
    this.#dataKey.fill(0);
    this.#dataKey = undefined;
    return chunk.subarray(HEADER_SIZE - before);
  }

  #blobKey(): BlobKey {
    if (!this.#key) throw new SealError('truncated', 'The sealed body ends within its header.');
    return this.#key;
  }

  /** Passes on what the range wants of an opened segment. */
  #give(plain: Buffer): void {
    this.#index += 1;
    const wanted = plain.subarray(this.#skip, Math.min(plain.length, this.#skip + this.#take));
    this.#skip = 0;
    this.#take -= wanted.length;
    if (wanted.length > 0) this.push(wanted);
  }

  #wipe(): void {
    wipeKey(this.#key);
    this.#dataKey?.fill(0);
    this.#dataKey = undefined;
    this.#segmenter.wipe();
  }
}
