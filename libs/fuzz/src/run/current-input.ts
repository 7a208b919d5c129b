import { MAX_INPUT } from '../mutations.ts';

const HEAD_BYTES = 16;

/**
 * The input that is being read now, in memory shared by the run and its watcher: of a run that hangs or dies nothing else
 * would be left.
 */
export class CurrentInput {
  readonly shared: SharedArrayBuffer;
  readonly #head: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(shared = new SharedArrayBuffer(HEAD_BYTES + MAX_INPUT)) {
    this.shared = shared;
    this.#head = new Int32Array(shared, 0, 2);
    this.#bytes = new Uint8Array(shared, HEAD_BYTES);
  }

  set(input: Uint8Array): void {
    this.#bytes.set(input);
    Atomics.store(this.#head, 1, input.length);
    Atomics.add(this.#head, 0, 1);
  }

  /** Counts the inputs. */
  get count(): number {
    return Atomics.load(this.#head, 0);
  }

  get(): Buffer {
    return Buffer.from(this.#bytes.slice(0, Atomics.load(this.#head, 1)));
  }
}
