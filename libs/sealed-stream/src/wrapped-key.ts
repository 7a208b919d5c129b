import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { encodeFields } from './encoding.ts';
import { SealError } from './errors.ts';
import { KEY_SIZE, TAG_SIZE } from './format.ts';
import { publicRandom, type RandomSource } from './random.ts';

// oxlint-disable-next-line no-control-regex -- all of ASCII
const ASCII = /^[\x00-\x7f]*$/;
const VERSION = 1;
const LABEL = 'coffer/wrapped-key/v1';
const CIPHER = 'aes-256-gcm';
const OPTIONS = { authTagLength: TAG_SIZE };
const ID_AT = 2;
const MAX_ID_BYTES = 255;
const SALT_SIZE = 32;
const NONCE_SIZE = 12;
const COMMITMENT_SIZE = 32;
/** Longest secret that can be wrapped, in bytes. */
const MAX_SECRET_BYTES = 4096;

/**
 * Wraps a key (or another short secret) under `kek`.
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
  const id = Buffer.from(keyId, 'utf8');
  if (!keyId.isWellFormed() || id.length < 1 || id.length > MAX_ID_BYTES) {
    throw new TypeError(`The id of a wrapping key has 1 to ${MAX_ID_BYTES} bytes.`);
  }
  if (plaintextKey.length < 1 || plaintextKey.length > MAX_SECRET_BYTES) {
    throw new TypeError(`A wrapped secret has 1 to ${MAX_SECRET_BYTES} bytes.`);
  }
  const head = Buffer.concat([Buffer.of(VERSION, id.length), id]);
  const salt = random(SALT_SIZE);
  const { key, nonce, commitment } = derive(kek, salt);
  const cipher = createCipheriv(CIPHER, key, nonce, OPTIONS);
  cipher.setAAD(encodeContext(head, aad));
  const body = cipher.update(plaintextKey);
  cipher.final();
  return Buffer.concat([head, salt, commitment, body, cipher.getAuthTag()]);
}

/**
 * Unwraps what {@link wrapKey} made. The caller owns the result and overwrites it after use.
 *
 * @throws SealError `bad-format`, `unsupported-version`, `wrong-key` (another wrapping key), `tampered` (altered bytes
 * or another context).
 */
export function unwrapKey(kek: Uint8Array, wrapped: Uint8Array, aad: Record<string, string>): Buffer {
  const { head, rest } = split(wrapped);
  const bodyAt = SALT_SIZE + COMMITMENT_SIZE;
  const { key, nonce, commitment } = derive(kek, rest.subarray(0, SALT_SIZE));
  if (!timingSafeEqual(commitment, rest.subarray(SALT_SIZE, bodyAt))) {
    throw new SealError('wrong-key', 'The key is not wrapped under this wrapping key.');
  }
  const decipher = createDecipheriv(CIPHER, key, nonce, OPTIONS);
  decipher.setAAD(encodeContext(head, aad));
  decipher.setAuthTag(rest.subarray(rest.length - TAG_SIZE));
  const secret = decipher.update(rest.subarray(bodyAt, rest.length - TAG_SIZE));
  try {
    decipher.final();
  } catch {
    secret.fill(0);
    throw new SealError('tampered', 'The wrapped key was altered or belongs to another context.');
  }
  return secret;
}

/**
 * The id of the key under which `wrapped` is wrapped. It is authenticated only by unwrapping.
 *
 * @throws SealError `bad-format` or `unsupported-version`.
 */
export function wrappingKeyId(wrapped: Uint8Array): string {
  return split(wrapped).head.subarray(ID_AT).toString('utf8');
}

function split(wrapped: Uint8Array): { head: Buffer; rest: Buffer } {
  const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.byteLength);
  if (bytes.length > 0 && bytes[0] !== VERSION) {
    throw new SealError('unsupported-version', 'The wrapped key has a format version that is not known here.');
  }
  const idLength = bytes[1] ?? 0;
  const head = bytes.subarray(0, ID_AT + idLength);
  const rest = bytes.subarray(head.length);
  const secret = rest.length - SALT_SIZE - COMMITMENT_SIZE - TAG_SIZE;
  if (idLength < 1 || secret < 1 || secret > MAX_SECRET_BYTES) {
    throw new SealError('bad-format', 'This is not a wrapped key.');
  }
  return { head, rest };
}

/**
 * A fresh salt gives every wrapping a key of its own, so no count of wrappings can make a nonce come twice. Keys are given
 * to Node as key objects, whose bytes OpenSSL overwrites when it frees them: of a key in a buffer Node takes 20 µs more.
 */
function derive(kek: Uint8Array, salt: Buffer): { key: KeyObject; nonce: Buffer; commitment: Buffer } {
  if (kek.length !== KEY_SIZE) throw new TypeError(`A wrapping key has ${KEY_SIZE} bytes.`);
  const size = KEY_SIZE + NONCE_SIZE + COMMITMENT_SIZE;
  const output = Buffer.from(hkdfSync('sha256', createSecretKey(kek), salt, Buffer.from(LABEL, 'ascii'), size));
  const derived = output.subarray(0, KEY_SIZE);
  const key = createSecretKey(derived);
  derived.fill(0);
  return {
    key,
    nonce: output.subarray(KEY_SIZE, KEY_SIZE + NONCE_SIZE),
    commitment: output.subarray(KEY_SIZE + NONCE_SIZE),
  };
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
