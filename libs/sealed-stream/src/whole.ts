import { SealError } from './errors.ts';
import { HEADER_SIZE, SEALED_SEGMENT_SIZE, SEGMENT_SIZE, TAG_SIZE, sealedSize } from './format.ts';
import { headerOf, newBlobKey, readBlobKey, wipeKey } from './header.ts';
import type { BlobIdentity, BlobKey } from './header.ts';
import { openLastSegment, openSegment, sealSegment } from './segments.ts';

/** Seals a whole small body (one that travels inside a message) at once. */
export function seal(dataKey: Uint8Array, identity: BlobIdentity, plain: Uint8Array): Buffer {
  return sealUnder(newBlobKey(dataKey, identity), plain);
}

/** Seals under a given header; overwrites the key. */
export function sealUnder(key: BlobKey, plain: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(sealedSize(plain.length));
  key.header.copy(out);
  let offset = HEADER_SIZE;
  let index = 0;
  let start = 0;
  do {
    const end = Math.min(start + SEGMENT_SIZE, plain.length);
    const { body, tag } = sealSegment(key, index, end === plain.length, plain.subarray(start, end));
    offset += body.copy(out, offset);
    offset += tag.copy(out, offset);
    start = end;
    index += 1;
  } while (start < plain.length);
  wipeKey(key);
  return out;
}

/**
 * Opens a whole sealed body at once.
 *
 * @throws SealError when anything but exactly the sealed bytes, the same key and the same identity is given.
 */
export function open(dataKey: Uint8Array, identity: BlobIdentity, sealed: Uint8Array): Buffer {
  const key = readBlobKey(dataKey, identity, sealed);
  try {
    return openUnder(key, sealed);
  } finally {
    wipeKey(key);
  }
}

/**
 * As {@link open}, with a key that {@link readBlobKey} gave for the same body. The key stays as it is.
 *
 * @throws SealError as `open` does; `wrong-key` when the body does not begin with the header that the key was read from.
 */
export function openUnder(key: BlobKey, sealed: Uint8Array): Buffer {
  if (!headerOf(sealed).equals(key.header)) {
    throw new SealError('wrong-key', 'The body does not have the header that this key belongs to.');
  }
  const body = sealed.subarray(HEADER_SIZE);
  const segments = Math.max(1, Math.ceil(body.length / SEALED_SEGMENT_SIZE));
  if (body.length < segments * TAG_SIZE) throw new SealError('truncated', 'The sealed body ends within a segment.');
  if (segments === 1) return openLastSegment(key, 0, body);
  const out = Buffer.allocUnsafe(body.length - segments * TAG_SIZE);
  for (let index = 0; index < segments; index += 1) {
    const segment = body.subarray(index * SEALED_SEGMENT_SIZE, (index + 1) * SEALED_SEGMENT_SIZE);
    const last = index === segments - 1;
    (last ? openLastSegment(key, index, segment) : openSegment(key, index, false, segment)).copy(
      out,
      index * SEGMENT_SIZE,
    );
  }
  return out;
}
