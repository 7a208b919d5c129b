import { SealError } from './errors.ts';
import { HEADER_SIZE, SEALED_SEGMENT_SIZE } from './format.ts';
import { readBlobKey, wipeKey } from './header.ts';
import type { BlobIdentity, BlobKey } from './header.ts';
import { assertRangePlan } from './range.ts';
import type { RangePlan } from './range.ts';
import { openLastPieces, openPieces } from './segments.ts';

/** What the sealed bytes given to an {@link Opener} are. */
export interface OpenOptions {
  /** Only the segments `sealedStart` to `sealedEnd` of this plan are given; without it, the whole body is. */
  range?: RangePlan;
  /** The header, kept from the sealing. When present the input holds segments only; when absent it begins with it. */
  header?: Uint8Array;
}

/**
 * Opens sealed bytes as they come, in chunks of any size. No byte is given before its segment is authenticated.
 *
 * A full segment is held back until at least one more byte arrives, since only then is it known not to be the last. Chunks
 * are kept as they are until the segments in them are whole, and opened piece by piece: joining them would copy every
 * byte once more. So a chunk may not change after it was given.
 */
export class Opener {
  readonly #identity: BlobIdentity;
  readonly #range: RangePlan | undefined;
  /** The segment under way. */
  #pieces: Uint8Array[] = [];
  #filled = 0;
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

  /**
   * Gives what the chunk completes to `give`, segment by segment.
   *
   * @throws SealError when the input is not what was sealed.
   */
  push(chunk: Uint8Array, give: (plain: Buffer) => void): void {
    let rest = this.#key ? chunk : this.#readHeader(chunk);
    this.#missing -= rest.length;
    if (this.#missing < 0) throw new SealError('too-long', 'More sealed bytes came than the range has.');
    while (rest.length > 0) {
      if (this.#filled === SEALED_SEGMENT_SIZE)
        this.#give(openPieces(this.#blobKey(), this.#index, false, this.#cut()), give);
      const piece = rest.subarray(0, SEALED_SEGMENT_SIZE - this.#filled);
      this.#pieces.push(piece);
      this.#filled += piece.length;
      rest = rest.subarray(piece.length);
    }
  }

  /**
   * The input is at its end: gives what was held back.
   *
   * @throws SealError when it did not end where the sealed body, or the range, does.
   */
  end(give: (plain: Buffer) => void): void {
    const key = this.#blobKey();
    if (this.#range && this.#missing > 0) throw new SealError('truncated', 'The sealed range ends early.');
    const inner = this.#range !== undefined && this.#index < this.#range.segments - 1;
    const pieces = this.#cut();
    this.#give(inner ? openPieces(key, this.#index, false, pieces) : openLastPieces(key, this.#index, pieces), give);
    this.wipe();
  }

  /** Lets go of the keys. Nothing can be opened any more. */
  wipe(): void {
    wipeKey(this.#key);
    this.#dataKey?.fill(0);
    this.#dataKey = undefined;
    this.#cut();
  }

  /** The pieces of the segment under way, which is over. */
  #cut(): readonly Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#filled = 0;
    return pieces;
  }

  /** Collects the header from the start of the input; returns what follows it. */
  #readHeader(chunk: Uint8Array): Uint8Array {
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
  #give(pieces: readonly Buffer[], give: (plain: Buffer) => void): void {
    this.#index += 1;
    for (const plain of pieces) {
      const skipped = Math.min(this.#skip, plain.length);
      const wanted = plain.subarray(skipped, Math.min(plain.length, skipped + this.#take));
      this.#skip -= skipped;
      this.#take -= wanted.length;
      if (wanted.length > 0) give(wanted);
    }
  }
}
