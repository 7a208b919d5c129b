import { SealError } from './errors.ts';

/** Plain bytes in every segment but the last. */
export const SEGMENT_SIZE = 65_536;
/** Bytes of the GCM tag that follows the ciphertext of each segment. */
export const TAG_SIZE = 16;
/** Sealed bytes of a full segment. */
export const SEALED_SEGMENT_SIZE = SEGMENT_SIZE + TAG_SIZE;
/** Bytes before the first segment: magic 4, version 1, nonce prefix 7, salt 16, commitment 32. */
export const HEADER_SIZE = 60;
/** Largest plain size in bytes (256 TiB): the segment counter has 32 bits. */
export const MAX_PLAIN_SIZE = 2 ** 32 * SEGMENT_SIZE;
/** Bytes of a data key, a blob key and a key-wrapping key. */
export const KEY_SIZE = 32;

/** Number of segments of a body; an empty body has one empty segment. */
export function segmentCount(plain: number): number {
  return Math.max(1, Math.ceil(plain / SEGMENT_SIZE));
}

/**
 * Sealed size in bytes of `plain` bytes of content.
 *
 * @throws RangeError when `plain` is not a whole number from 0 to MAX_PLAIN_SIZE.
 */
export function sealedSize(plain: number): number {
  if (!Number.isInteger(plain) || plain < 0 || plain > MAX_PLAIN_SIZE) {
    throw new RangeError('The plain size must be a whole number of bytes that the format can hold.');
  }
  return HEADER_SIZE + plain + TAG_SIZE * segmentCount(plain);
}

/**
 * Plain size in bytes of a body of `sealed` bytes: the inverse of {@link sealedSize}.
 *
 * @throws SealError `bad-format` when no content has that sealed size.
 */
export function plainSize(sealed: number): number {
  const body = sealed - HEADER_SIZE;
  if (!Number.isInteger(sealed) || body < TAG_SIZE) throw impossible();
  const segments = Math.ceil(body / SEALED_SEGMENT_SIZE);
  const last = body - (segments - 1) * SEALED_SEGMENT_SIZE;
  // Only an empty body ends in an empty segment.
  if (last < TAG_SIZE || (last === TAG_SIZE && segments > 1) || segments > 2 ** 32) throw impossible();
  return body - segments * TAG_SIZE;
}

function impossible(): SealError {
  return new SealError('bad-format', 'No content has this sealed size.');
}
