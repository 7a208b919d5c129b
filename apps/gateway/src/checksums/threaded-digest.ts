import type { ChecksumAlgorithm } from '@coffer/contracts';
import { SLOT_BYTES, SLOTS, type ToThread } from './thread-messages.ts';

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/**
 * The digests of one body, counted on a thread. Bytes are copied into memory that both share, a slot at a time; when the
 * thread has not come to any of the slots yet, whoever brings bytes waits.
 */
export class ThreadedDigest {
  private readonly bytes: Buffer;
  private readonly free = Array.from({ length: SLOTS }, (_, slot) => slot);
  private filling: number | undefined;
  private filled = 0;
  private forSlot: Waiter<number> | undefined;
  private forValues: Waiter<readonly Uint8Array[]> | undefined;
  private failure: Error | undefined;
  private over = false;

  /** @param over is called once, when nothing more comes of this body */
  constructor(
    private readonly id: number,
    private readonly names: readonly ChecksumAlgorithm[],
    memory: SharedArrayBuffer,
    private readonly send: (message: ToThread) => void,
    private readonly onOver: () => void,
  ) {
    this.bytes = Buffer.from(memory);
    send({ kind: 'begin', id, names, memory });
  }

  /** Counts bytes, which are its caller's again when the promise is resolved. One call at a time. */
  async count(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      this.filling ??= this.free.pop() ?? (await this.nextSlot());
      const taken = chunk.copy(
        this.bytes,
        this.filling * SLOT_BYTES + this.filled,
        at,
        at + Math.min(chunk.length - at, SLOT_BYTES - this.filled),
      );
      at += taken;
      this.filled += taken;
      if (this.filled === SLOT_BYTES) this.flush();
    }
  }

  /** The raw values by algorithm; call once, after the last byte. */
  async values(): Promise<ReadonlyMap<ChecksumAlgorithm, Buffer>> {
    this.requireAlive();
    this.flush();
    this.send({ kind: 'end', id: this.id });
    const values = await new Promise<readonly Uint8Array[]>((resolve, reject) => {
      this.forValues = { resolve, reject };
    });
    return new Map(this.names.map((name, index) => [name, Buffer.from(values[index]!)]));
  }

  /** Gives the body up. Harmless when it is over. */
  drop(): void {
    if (this.over) return;
    if (!this.failure) this.send({ kind: 'drop', id: this.id });
    this.failed(new Error('the digests of this body were given up'));
  }

  /** The thread has counted a slot. */
  freed(slot: number): void {
    const waiter = this.forSlot;
    this.forSlot = undefined;
    if (waiter) waiter.resolve(slot);
    else this.free.push(slot);
  }

  /** The thread has counted everything. */
  ended(values: readonly Uint8Array[]): void {
    this.forValues?.resolve(values);
    this.end();
  }

  failed(error: Error): void {
    this.failure ??= error;
    this.forSlot?.reject(error);
    this.forValues?.reject(error);
    this.end();
  }

  private nextSlot(): Promise<number> {
    this.requireAlive();
    return new Promise((resolve, reject) => {
      this.forSlot = { resolve, reject };
    });
  }

  private flush(): void {
    if (this.filling === undefined) return;
    this.send({ kind: 'bytes', id: this.id, slot: this.filling, length: this.filled });
    this.filling = undefined;
    this.filled = 0;
  }

  private requireAlive(): void {
    if (this.failure) throw this.failure;
  }

  private end(): void {
    if (this.over) return;
    this.over = true;
    this.onOver();
  }
}
