import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { SealError } from './errors.ts';
import { TAG_SIZE } from './format.ts';
import type { BlobKey } from './header.ts';

const CIPHER = 'aes-256-gcm';
const OPTIONS = { authTagLength: TAG_SIZE };
const NONCE_SIZE = 12;
const COUNTER_AT = 7;
const LAST_AT = 11;

/** STREAM nonce: prefix (7) | segment index (4, big endian) | 1 for the last segment, else 0. */
function nonceOf(prefix: Buffer, index: number, last: boolean): Buffer {
  if (index > 0xffff_ffff) throw new SealError('too-long', 'The content has more segments than the format can hold.');
  const nonce = Buffer.allocUnsafe(NONCE_SIZE);
  prefix.copy(nonce);
  nonce.writeUInt32BE(index, COUNTER_AT);
  nonce[LAST_AT] = last ? 1 : 0;
  return nonce;
}

function secretOf({ secret }: BlobKey): KeyObject {
  if (!secret) throw new TypeError('This key is wiped.');
  return secret;
}

/** Seals one segment: `body` is as long as `plain`, and `tag` follows it in the sealed body. */
export function sealSegment(
  key: BlobKey,
  index: number,
  last: boolean,
  plain: Uint8Array,
): { body: Buffer; tag: Buffer } {
  const cipher = createCipheriv(CIPHER, secretOf(key), nonceOf(key.prefix, index, last), OPTIONS);
  const body = cipher.update(plain);
  cipher.final();
  return { body, tag: cipher.getAuthTag() };
}

/**
 * Opens one sealed segment (ciphertext and tag). Nothing is returned before it is authenticated.
 *
 * @throws SealError `truncated` when there is no room for a tag, `tampered` when authentication fails.
 */
export function openSegment(key: BlobKey, index: number, last: boolean, sealed: Uint8Array): Buffer {
  return openPieces(key, index, last, [sealed])[0] ?? Buffer.alloc(0);
}

/**
 * As {@link openSegment}, of a segment that lies in pieces: as many come out, without the tag, in order. None is returned
 * before all are authenticated.
 */
export function openPieces(key: BlobKey, index: number, last: boolean, sealed: readonly Uint8Array[]): Buffer[] {
  const { body, tag } = withoutTag(sealed);
  if (body.length === 0 && index > 0) throw new SealError('bad-format', 'Only an empty body has an empty segment.');
  const decipher = createDecipheriv(CIPHER, secretOf(key), nonceOf(key.prefix, index, last), OPTIONS);
  decipher.setAuthTag(tag);
  const plain = body.map((piece) => decipher.update(piece));
  try {
    decipher.final();
  } catch {
    for (const piece of plain) piece.fill(0);
    throw new SealError('tampered', `Segment ${index} is not what was sealed.`);
  }
  return plain;
}

/** Cuts the tag off the end, which may be spread over several pieces. */
function withoutTag(sealed: readonly Uint8Array[]): { body: Uint8Array[]; tag: Uint8Array } {
  const body = [...sealed];
  let missing = TAG_SIZE;
  const tag: Uint8Array[] = [];
  while (missing > 0) {
    const piece = body.pop();
    if (!piece) throw new SealError('truncated', 'The sealed body ends within a segment.');
    const at = Math.max(0, piece.length - missing);
    tag.unshift(piece.subarray(at));
    missing -= piece.length - at;
    if (at > 0) body.push(piece.subarray(0, at));
  }
  return { body, tag: tag.length === 1 ? (tag[0] as Uint8Array) : Buffer.concat(tag) };
}

/**
 * Opens the segment with which a whole body ends. When it is authentic but does not carry the last-segment flag, the
 * body was cut at a segment's end, and the error says so.
 */
export function openLastSegment(key: BlobKey, index: number, sealed: Uint8Array): Buffer {
  return openLastPieces(key, index, [sealed])[0] ?? Buffer.alloc(0);
}

/** As {@link openLastSegment}, of a segment that lies in pieces. */
export function openLastPieces(key: BlobKey, index: number, sealed: readonly Uint8Array[]): Buffer[] {
  try {
    return openPieces(key, index, true, sealed);
  } catch (error) {
    if (error instanceof SealError && error.code === 'tampered' && opensAsInner(key, index, sealed)) {
      throw new SealError('truncated', 'The sealed body ends before its last segment.');
    }
    throw error;
  }
}

function opensAsInner(key: BlobKey, index: number, sealed: readonly Uint8Array[]): boolean {
  try {
    for (const piece of openPieces(key, index, false, sealed)) piece.fill(0);
    return true;
  } catch {
    return false;
  }
}
