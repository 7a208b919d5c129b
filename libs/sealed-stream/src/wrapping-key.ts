import type { KeyObject } from 'node:crypto';
import { publicRandom, type RandomSource } from './random.ts';
import { derive, headOf, openSecret, sealSecret, split, wrappingKeyOf, type Derived } from './wrapped-key.ts';

const SALT_SIZE = 32;
const NONCE_SIZE = 12;
/** Wrappings under one salt. Its nonces are counted, so this is far below every bound on AES-GCM. */
const MAX_UNDER_ONE_SALT = 2 ** 16;
/** Salts of other holders of the same key whose derived keys are held. */
const MAX_HELD = 64;

/**
 * A wrapping key in the hands of someone who wraps and unwraps often, in version 2 of the format: what it derives from a
 * salt serves many wrappings, each with the next nonce. A third of the time of a wrapping is left.
 *
 * The salt is drawn by this object and its derived key exists only here, so nonces need not be agreed upon with others.
 */
export class WrappingKey {
  readonly id: string;
  readonly #kek: KeyObject;
  readonly #head: Buffer;
  readonly #random: RandomSource;
  #own: Derived | undefined;
  #wrapped = 0;
  /** By salt, the one held longest first. */
  readonly #held = new Map<string, Derived>();

  /**
   * @param kek 32 bytes, which are not kept: the caller may overwrite them.
   * @param id names the key, 1 to 255 UTF-8 bytes; readable in what is wrapped.
   * @throws TypeError when an argument is outside these limits.
   */
  constructor(kek: Uint8Array, id: string, random: RandomSource = publicRandom) {
    this.id = id;
    this.#kek = wrappingKeyOf(kek);
    this.#head = headOf(2, id);
    this.#random = random;
  }

  /**
   * @param secret 1 to 4096 bytes.
   * @param aad the context, for which alone the result can be unwrapped; it is not in the result.
   * @throws TypeError when an argument is outside these limits.
   */
  wrap(secret: Uint8Array, aad: Record<string, string>): Buffer {
    if (!this.#own || this.#wrapped === MAX_UNDER_ONE_SALT) {
      this.#own = derive(2, this.#kek, this.#random(SALT_SIZE));
      this.#wrapped = 0;
    }
    const nonce = Buffer.alloc(NONCE_SIZE);
    nonce.writeUInt32BE(this.#wrapped, NONCE_SIZE - 4);
    this.#wrapped += 1;
    const { salt, commitment, key } = this.#own;
    return Buffer.concat([this.#head, salt, commitment, nonce, ...sealSecret(key, nonce, this.#head, secret, aad)]);
  }

  /**
   * Unwraps what was wrapped under this key in any version of the format. The caller owns the result and overwrites it.
   *
   * @throws SealError as `unwrapKey` does.
   */
  unwrap(wrapped: Uint8Array, aad: Record<string, string>): Buffer {
    const parts = split(wrapped);
    if (parts.version === 1) return openSecret(derive(1, this.#kek, parts.salt), parts, aad);
    if (this.#own?.salt.equals(parts.salt)) return openSecret(this.#own, parts, aad);
    const name = parts.salt.toString('latin1');
    const held = this.#held.get(name);
    if (held) return openSecret(held, parts, aad);
    const derived = derive(2, this.#kek, Buffer.from(parts.salt));
    const secret = openSecret(derived, parts, aad);
    // Only now is it known that such a salt was ever used.
    if (this.#held.size === MAX_HELD) this.#held.delete(this.#held.keys().next().value as string);
    this.#held.set(name, derived);
    return secret;
  }
}
