import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { encodeFields } from './encoding.ts';
import { SealError } from './errors.ts';
import { KEY_SIZE, TAG_SIZE } from './format.ts';
import { publicRandom, type RandomSource } from './random.ts';

// oxlint-disable-next-line no-control-regex -- all of ASCII
const ASCII = /^[\x00-\x7f]*$/;
/** Version 1 derives the nonce with a key for one wrapping; version 2 keeps it beside a key for many. */
type Version = 1 | 2;
const LABELS = {
  1: Buffer.from('coffer/wrapped-key/v1', 'ascii'),
  2: Buffer.from('coffer/wrapped-key/v2', 'ascii'),
};
const CIPHER = 'aes-256-gcm';
const OPTIONS = { authTagLength: TAG_SIZE };
const ID_AT = 2;
const MAX_ID_BYTES = 255;
const SALT_SIZE = 32;
const NONCE_SIZE = 12;
const COMMITMENT_SIZE = 32;
/** Longest secret that can be wrapped, in bytes. */
const MAX_SECRET_BYTES = 4096;

/** What a wrapping key and a salt give. */
export interface Derived {
  readonly salt: Buffer;
  readonly key: KeyObject;
  /** Version 1 only. */
  readonly nonce: Buffer;
  readonly commitment: Buffer;
}

/** A wrapped key taken apart. */
export interface Wrapped {
  readonly version: Version;
  /** Version and key id, which belong to what is authenticated. */
  readonly head: Buffer;
  readonly salt: Buffer;
  readonly commitment: Buffer;
  /** Version 2 only. */
  readonly nonce: Buffer;
  /** Ciphertext and tag. */
  readonly sealed: Buffer;
}

/**
 * Wraps a key (or another short secret) under `kek`. Whoever wraps many under one key does it with a `WrappingKey`.
 *
 * @param kek 32 bytes.
 * @param keyId names the wrapping key, 1 to 255 UTF-8 bytes; readable in the result.
 * @param plaintextKey 1 to 4096 bytes.
 * @param aad the context, for which alone the result can be unwrapped; it is not in the result.
 * @throws TypeError when an argument is outside these limits.
 */
export function wrapKey(kek: Uint8Array, keyId: string, plaintextKey: Uint8Array, aad: Record<string, string>): Buffer {
  return wrapKeyWith(publicRandom, kek, keyId, plaintextKey, aad);
}

/** As {@link wrapKey}, with the randomness given. */
export function wrapKeyWith(
  random: RandomSource,
  kek: Uint8Array,
  keyId: string,
  plaintextKey: Uint8Array,
  aad: Record<string, string>,
): Buffer {
  const head = headOf(1, keyId);
  const derived = derive(1, wrappingKeyOf(kek), random(SALT_SIZE));
  const { salt, nonce, commitment } = derived;
  return Buffer.concat([head, salt, commitment, ...sealSecret(derived.key, nonce, head, plaintextKey, aad)]);
}

/**
 * Unwraps what {@link wrapKey} or a `WrappingKey` made. The caller owns the result and overwrites it after use.
 *
 * @throws SealError `bad-format`, `unsupported-version`, `wrong-key` (another wrapping key), `tampered` (altered bytes
 * or another context).
 */
export function unwrapKey(kek: Uint8Array, wrapped: Uint8Array, aad: Record<string, string>): Buffer {
  const parts = split(wrapped);
  return openSecret(derive(parts.version, wrappingKeyOf(kek), parts.salt), parts, aad);
}

/**
 * The id of the key under which `wrapped` is wrapped. It is authenticated only by unwrapping.
 *
 * @throws SealError `bad-format` or `unsupported-version`.
 */
export function wrappingKeyId(wrapped: Uint8Array): string {
  return split(wrapped).head.subarray(ID_AT).toString('utf8');
}

/** @throws TypeError unless these are the 32 bytes of a wrapping key. */
export function wrappingKeyOf(kek: Uint8Array): KeyObject {
  if (kek.length !== KEY_SIZE) throw new TypeError(`A wrapping key has ${KEY_SIZE} bytes.`);
  // OpenSSL overwrites its bytes when it frees it; of a key in a buffer Node takes 20 µs more.
  return createSecretKey(kek);
}

/** @throws TypeError for an id outside the limits. */
export function headOf(version: Version, keyId: string): Buffer {
  const id = Buffer.from(keyId, 'utf8');
  if (!keyId.isWellFormed() || id.length < 1 || id.length > MAX_ID_BYTES) {
    throw new TypeError(`The id of a wrapping key has 1 to ${MAX_ID_BYTES} bytes.`);
  }
  return Buffer.concat([Buffer.of(version, id.length), id]);
}

/** A fresh salt gives a key of its own, so no count of salts can make a nonce come twice under one key. */
export function derive(version: Version, kek: KeyObject, salt: Buffer): Derived {
  const nonceSize = version === 1 ? NONCE_SIZE : 0;
  const size = KEY_SIZE + nonceSize + COMMITMENT_SIZE;
  const output = Buffer.from(hkdfSync('sha256', kek, salt, LABELS[version], size));
  const derived = output.subarray(0, KEY_SIZE);
  const key = createSecretKey(derived);
  derived.fill(0);
  return {
    salt,
    key,
    nonce: output.subarray(KEY_SIZE, KEY_SIZE + nonceSize),
    commitment: output.subarray(KEY_SIZE + nonceSize),
  };
}

/** @throws TypeError for a secret outside the limits. */
export function sealSecret(
  key: KeyObject,
  nonce: Buffer,
  head: Buffer,
  secret: Uint8Array,
  aad: Record<string, string>,
): [body: Buffer, tag: Buffer] {
  if (secret.length < 1 || secret.length > MAX_SECRET_BYTES) {
    throw new TypeError(`A wrapped secret has 1 to ${MAX_SECRET_BYTES} bytes.`);
  }
  const cipher = createCipheriv(CIPHER, key, nonce, OPTIONS);
  cipher.setAAD(encodeContext(head, aad));
  const body = cipher.update(secret);
  cipher.final();
  return [body, cipher.getAuthTag()];
}

/** @throws SealError `wrong-key` or `tampered`. */
export function openSecret(derived: Derived, wrapped: Wrapped, aad: Record<string, string>): Buffer {
  if (!timingSafeEqual(derived.commitment, wrapped.commitment)) {
    throw new SealError('wrong-key', 'The key is not wrapped under this wrapping key.');
  }
  const { version, head, sealed } = wrapped;
  const decipher = createDecipheriv(CIPHER, derived.key, version === 1 ? derived.nonce : wrapped.nonce, OPTIONS);
  decipher.setAAD(encodeContext(head, aad));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_SIZE));
  const secret = decipher.update(sealed.subarray(0, sealed.length - TAG_SIZE));
  try {
    decipher.final();
  } catch {
    secret.fill(0);
    throw new SealError('tampered', 'The wrapped key was altered or belongs to another context.');
  }
  return secret;
}

/** @throws SealError `bad-format` or `unsupported-version`. */
export function split(wrapped: Uint8Array): Wrapped {
  const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.byteLength);
  const version = bytes[0];
  if (version !== 1 && version !== 2) {
    if (version === undefined) throw badFormat();
    throw new SealError('unsupported-version', 'The wrapped key has a format version that is not known here.');
  }
  const idLength = bytes[1] ?? 0;
  let at = 0;
  const next = (size: number): Buffer => bytes.subarray(at, (at += size));
  const head = next(ID_AT + idLength);
  const salt = next(SALT_SIZE);
  const commitment = next(COMMITMENT_SIZE);
  const nonce = next(version === 1 ? 0 : NONCE_SIZE);
  const sealed = bytes.subarray(at);
  const secret = bytes.length - at - TAG_SIZE;
  if (idLength < 1 || secret < 1 || secret > MAX_SECRET_BYTES) throw badFormat();
  return { version, head, salt, commitment, nonce, sealed };
}

function badFormat(): SealError {
  return new SealError('bad-format', 'This is not a wrapped key.');
}

/** The head (version and key id), then all names and values, in the byte order of the names. */
function encodeContext(head: Buffer, aad: Record<string, string>): Buffer {
  const names = Object.keys(aad);
  // Most contexts come in order already. Texts compare by UTF-16, whose order is that of the bytes for ASCII alone.
  if (!names.every((name, index) => ASCII.test(name) && (index === 0 || names[index - 1]! < name))) {
    names.sort((a, b) => Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8')));
  }
  return Buffer.concat([head, encodeFields(names.flatMap((name) => [name, aad[name]!]))]);
}
