import { timingSafeEqual } from 'node:crypto';
import { unwrapKey, wrapKey } from '@coffer/sealed-stream';

/** Length of every key here, in bytes. */
export const KEY_BYTES = 32;

/** A wrapped key as it is stored, with what its columns repeat of it. */
export interface WrappedRow {
  readonly wrapped: Buffer;
  readonly wrappedBy: string;
  readonly format: number;
}

const CHECK_TEXT = Buffer.from('coffer root key check v1', 'ascii');
const CHECK_CONTEXT = { kind: 'root-key-check' };

/**
 * The root key in use. It wraps key material and service keys, nothing else, and never leaves this object.
 *
 * What it wraps is bound to a context (`kind` and ids), so that a wrapped key moved to another row does not open.
 */
export class RootKey {
  readonly id: string;
  readonly #key: Buffer;

  /**
   * Takes over `key`: the caller must not use it any more.
   * @param id names the root key inside everything that it wraps.
   * @param key 32 bytes.
   */
  constructor(id: string, key: Buffer) {
    this.id = id;
    this.#key = key;
  }

  wrap(plaintext: Buffer, context: Record<string, string>): WrappedRow {
    const wrapped = wrapKey(this.#key, this.id, plaintext, context);
    return { wrapped, wrappedBy: this.id, format: wrapped.readUInt8(0) };
  }

  /**
   * Runs `use` with the unwrapped key and overwrites the key afterwards. `use` is synchronous on purpose: what it
   * keeps must be a copy.
   * @throws SealError when it was not wrapped by this root key under this context.
   */
  withUnwrapped<T>(wrapped: Buffer, context: Record<string, string>, use: (plaintext: Buffer) => T): T {
    const plaintext = unwrapKey(this.#key, wrapped, context);
    try {
      return use(plaintext);
    } finally {
      plaintext.fill(0);
    }
  }

  /** What the database keeps to tell this root key from another. */
  makeCheckValue(): Buffer {
    return wrapKey(this.#key, this.id, CHECK_TEXT, CHECK_CONTEXT);
  }

  matches(checkValue: Buffer): boolean {
    try {
      return this.withUnwrapped(checkValue, CHECK_CONTEXT, (text) => {
        return text.length === CHECK_TEXT.length && timingSafeEqual(text, CHECK_TEXT);
      });
    } catch {
      return false;
    }
  }

  destroy(): void {
    this.#key.fill(0);
  }
}
