/**
 * Cuts a stream of chunks into segments of equal size, without knowing where the stream ends.
 *
 * A full segment is held back until at least one more byte arrives, since only then is it known not to be the last.
 * Whole segments inside a chunk are passed on as views of it; only a segment that spans chunks is copied, into one
 * buffer that is used again. A segment given to `emit` is valid only during the call.
 */
export class Segmenter {
  readonly #size: number;
  #staging: Buffer | undefined;
  #filled = 0;
  #held: Uint8Array | undefined;

  constructor(size: number) {
    this.#size = size;
  }

  /** Bytes kept back, from 0 to the segment size. */
  get pending(): number {
    return this.#held?.length ?? this.#filled;
  }

  /** Takes a chunk and emits every segment now known not to be the last. */
  push(chunk: Uint8Array, emit: (segment: Uint8Array) => void): void {
    if (chunk.length === 0) return;
    const size = this.#size;
    let rest = chunk;
    if (this.#held) {
      emit(this.#held);
      this.#held = undefined;
    } else if (this.#filled > 0) {
      rest = this.#stage(rest);
      if (rest.length === 0) return;
      emit(this.#stagingBuffer());
      this.#filled = 0;
    }
    let at = 0;
    for (; rest.length - at > size; at += size) emit(rest.subarray(at, at + size));
    if (rest.length - at === size) this.#held = rest.subarray(at);
    else this.#stage(rest.subarray(at));
  }

  /** What was held back: the last segment, empty only when no byte was pushed. */
  end(): Uint8Array {
    return this.#held ?? this.#stagingBuffer().subarray(0, this.#filled);
  }

  /** Overwrites what may be plain content. */
  wipe(): void {
    this.#staging?.fill(0);
    this.#held = undefined;
    this.#filled = 0;
  }

  /** Copies as much of `bytes` as fits; returns the remainder. */
  #stage(bytes: Uint8Array): Uint8Array {
    const count = Math.min(this.#size - this.#filled, bytes.length);
    this.#stagingBuffer().set(bytes.subarray(0, count), this.#filled);
    this.#filled += count;
    return bytes.subarray(count);
  }

  #stagingBuffer(): Buffer {
    // Not from the shared pool: this buffer is overwritten at the end and must not share memory with others.
    this.#staging ??= Buffer.allocUnsafeSlow(this.#size);
    return this.#staging;
  }
}
