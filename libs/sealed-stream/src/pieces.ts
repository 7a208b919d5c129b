/** Bytes of a piece of memory that is kept for the next body, and how many are. */
export const PIECE_SIZE = 528 * 1024;
const MAX_SPARE = 16;
/** They only ever hold sealed bytes. */
const spare: Buffer[] = [];

/** A body uses two: one is filled while the other one is on its way out. */
const AT_ONCE = 2;

/** Hands pieces of sealed bytes from the one who fills them to the one who reads them, in memory that is used again. */
export class Pieces {
  readonly #size: number;
  readonly #all: Buffer[] = [];
  readonly #blank: Buffer[] = [];
  readonly #filled: Buffer[] = [];
  #lent: Buffer | undefined;
  #ended = false;
  #failure: Error | undefined;
  #reader: PromiseWithResolvers<IteratorResult<Uint8Array>> | undefined;
  #filler: PromiseWithResolvers<Buffer> | undefined;

  /** @param size most bytes that a piece has to hold; PIECE_SIZE is the largest. */
  constructor(size: number) {
    this.#size = Math.min(size, PIECE_SIZE);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** A piece to fill; waits until the reader is done with one. */
  async blank(): Promise<Buffer> {
    if (this.#failure) throw this.#failure;
    const blank = this.#blank.pop();
    if (blank) return blank;
    if (this.#all.length < AT_ONCE) {
      const piece = (this.#size === PIECE_SIZE ? spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(this.#size);
      this.#all.push(piece);
      return piece;
    }
    this.#filler = Promise.withResolvers();
    return this.#filler.promise;
  }

  /** Passes on the filled part of a piece. */
  give(filled: Buffer): void {
    this.#filled.push(filled);
    this.#serve();
  }

  /** Nothing more will be given. */
  end(): void {
    this.#ended = true;
    this.#serve();
  }

  /** Breaks off for both sides; what was filled is not given any more. */
  fail(error: Error): void {
    if (this.#failure || (this.#ended && this.#filled.length === 0)) return;
    this.#failure = error;
    this.#filler?.reject(error);
    this.#reader?.reject(error);
    this.#filler = undefined;
    this.#reader = undefined;
  }

  /** The next filled piece; the memory of the one before is used again from now on. */
  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#failure) throw this.#failure;
    this.#takeBack();
    this.#reader = Promise.withResolvers();
    const { promise } = this.#reader;
    this.#serve();
    return promise;
  }

  /** Keeps the memory for other bodies. Nobody may use a piece of this one any more. */
  recycle(): void {
    if (this.#size < PIECE_SIZE) return;
    for (const piece of this.#all.splice(0)) if (spare.length < MAX_SPARE) spare.push(piece);
  }

  #serve(): void {
    if (!this.#reader) return;
    const filled = this.#filled.shift();
    if (!filled && !this.#ended) return;
    this.#lent = filled;
    this.#reader.resolve(filled ? { done: false, value: filled } : { done: true, value: undefined });
    this.#reader = undefined;
  }

  #takeBack(): void {
    const piece = this.#all.find((one) => one.buffer === this.#lent?.buffer);
    this.#lent = undefined;
    if (!piece) return;
    if (this.#filler) this.#filler.resolve(piece);
    else this.#blank.push(piece);
    this.#filler = undefined;
  }
}

/** Frees the memory of a buffer that has it for itself, now instead of at some collection. It must not be used again. */
export function releaseBuffer({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && byteLength > 0 && byteLength === buffer.byteLength) buffer.transfer(0);
}
