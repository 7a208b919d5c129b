import { createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { labelledDigest } from './encoding.ts';
import { SealError } from './errors.ts';
import { HEADER_SIZE, KEY_SIZE } from './format.ts';
import { publicRandom, type RandomSource } from './random.ts';

/** What a blob is: the blob key is derived from it, so bytes that were moved to another name do not open. */
export interface BlobIdentity {
  bucketId: string;
  /** The object key (or archive id). */
  key: string;
  /** Internal version id. */
  versionId: string;
  /** Fresh for every sealing. */
  blobId: string;
}

/** The header of one sealed body with the secrets that belong to it. */
export interface BlobKey {
  /** The HEADER_SIZE bytes that begin the sealed body. */
  readonly header: Buffer;
  /**
   * AES-256-GCM key of all segments; gone after {@link wipeKey}. A key object, because Node takes 30 µs of each cipher
   * made with a key in a buffer, nearly as long as sealing a segment takes.
   */
  secret: KeyObject | undefined;
  /** First 7 bytes of every nonce. */
  readonly prefix: Buffer;
}

const MAGIC = Buffer.from('CFSB', 'ascii');
const VERSION = 1;
const LABEL = 'coffer/sealed-stream/v1';
const PREFIX_AT = 5;
const SALT_AT = 12;
const COMMITMENT_AT = 28;

/** Makes the header and the key for a new sealed body. */
export function newBlobKey(dataKey: Uint8Array, identity: BlobIdentity, random: RandomSource = publicRandom): BlobKey {
  const header = Buffer.alloc(HEADER_SIZE);
  MAGIC.copy(header);
  header[MAGIC.length] = VERSION;
  random(COMMITMENT_AT - PREFIX_AT).copy(header, PREFIX_AT);
  const { secret, commitment } = derive(dataKey, identity, header.subarray(SALT_AT, COMMITMENT_AT));
  commitment.copy(header, COMMITMENT_AT);
  return { header, secret, prefix: header.subarray(PREFIX_AT, SALT_AT) };
}

/**
 * Reads a header and derives the key that it commits to.
 *
 * @throws SealError `truncated`, `bad-format`, `unsupported-version`, or `wrong-key` when key and identity do not fit.
 */
export function readBlobKey(dataKey: Uint8Array, identity: BlobIdentity, sealed: Uint8Array): BlobKey {
  const header = headerOf(sealed);
  const { secret, commitment } = derive(dataKey, identity, header.subarray(SALT_AT, COMMITMENT_AT));
  if (!timingSafeEqual(commitment, header.subarray(COMMITMENT_AT))) {
    throw new SealError('wrong-key', 'The body is not sealed under this key for this identity.');
  }
  return { header, secret, prefix: header.subarray(PREFIX_AT, SALT_AT) };
}

/**
 * A copy of the header of a sealed body. Kept beside the metadata, it lets a ranged read do without a second request.
 *
 * @throws SealError `truncated`, `bad-format` or `unsupported-version`.
 */
export function headerOf(sealed: Uint8Array): Buffer {
  if (sealed.length < HEADER_SIZE) throw new SealError('truncated', 'The sealed body ends within its header.');
  const header = Buffer.from(sealed.subarray(0, HEADER_SIZE));
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new SealError('bad-format', 'This is not a sealed body.');
  }
  if (header[MAGIC.length] !== VERSION) {
    throw new SealError('unsupported-version', 'The sealed body has a format version that is not known here.');
  }
  return header;
}

/** Lets go of the secret part, which OpenSSL overwrites when it frees it; nothing can be sealed or opened any more. */
export function wipeKey(key: BlobKey | undefined): void {
  if (key) key.secret = undefined;
}

/** Key and commitment come from one HKDF output, so a header fits one (data key, identity) only. */
function derive(dataKey: Uint8Array, identity: BlobIdentity, salt: Buffer): { secret: KeyObject; commitment: Buffer } {
  if (dataKey.length !== KEY_SIZE) throw new TypeError(`A data key has ${KEY_SIZE} bytes.`);
  const fields = [identity.bucketId, identity.key, identity.versionId, identity.blobId];
  if (fields.includes('')) throw new TypeError('No part of a blob identity may be empty.');
  const info = labelledDigest(LABEL, fields);
  const output = Buffer.from(hkdfSync('sha256', createSecretKey(dataKey), salt, info, 2 * KEY_SIZE));
  const key = output.subarray(0, KEY_SIZE);
  const secret = createSecretKey(key);
  key.fill(0);
  return { secret, commitment: output.subarray(KEY_SIZE) };
}
