import { Readable } from 'node:stream';
import type { BlobBody, BlobOptions } from './blob-store.ts';
import { BlobError } from './errors.ts';

/**
 * A body that gives exactly `size` bytes or fails.
 *
 * The chunk with the last announced byte is held back until it is known that the body ends there: so the last byte of a
 * wrong body never reaches the store, and no store can take it for complete. Every other chunk is given at once, and the
 * body is asked for the next one only when the reader is.
 */
export class ExactBody implements AsyncIterable<Uint8Array> {
  readonly #body: BlobBody;
  readonly #size: number;
  readonly #signal: AbortSignal | undefined;
  #failure: { reason: unknown } | undefined;
  #closed = false;
  #iterator: AsyncIterator<Uint8Array> | undefined;

  /** @throws TypeError when the size is not a whole number. */
  constructor(body: BlobBody, size: number, options: BlobOptions = {}) {
    if (!Number.isSafeInteger(size) || size < 0) throw new TypeError('A blob has a whole number of bytes.');
    this.#body = body;
    this.#size = size;
    this.#signal = options.signal;
    // Until it is read, an error of the body has no other listener; it surfaces when it is read.
    if (body instanceof Readable) body.on('error', () => undefined);
  }

  /** Throws what went wrong with the body or with the caller's patience; returns when neither is at fault. */
  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.reason;
    this.#signal?.throwIfAborted();
  }

  /** Releases the source; safe to call more than once. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#body instanceof Readable) this.#body.destroy();
    else void Promise.resolve(this.#iterator?.return?.()).catch(() => undefined);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      let held: Uint8Array | undefined;
      let seen = 0;
      this.#iterator = this.#body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
      for (;;) {
        const step = await abortable(this.#iterator.next(), this.#signal);
        if (step.done) break;
        if (step.value.length === 0) continue;
        seen += step.value.length;
        if (seen > this.#size) throw this.#mismatch();
        if (seen < this.#size) yield step.value;
        else held = step.value;
      }
      if (seen !== this.#size) throw this.#mismatch();
      if (held) yield held;
    } catch (reason) {
      this.#failure = { reason };
      throw reason;
    } finally {
      this.close();
    }
  }

  #mismatch(): BlobError {
    return new BlobError('BlobSizeMismatch', `The body does not have the announced ${this.#size} bytes.`);
  }
}

/** The outcome of `step`, or the signal's reason as soon as it fires. Leaves no listener behind. */
function abortable<T>(step: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return step;
  return new Promise<T>((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    step.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
