import { createHash } from 'node:crypto';

/** Longest name or value (UTF-8 bytes) that an identity or a context may hold. */
const MAX_FIELD_BYTES = 4096;

/**
 * Unambiguous encoding of a list of texts: for each, its length in UTF-8 bytes (4 bytes, big endian), then the bytes.
 *
 * @throws TypeError when a field is not a text, too long, or not well-formed Unicode (two texts with lone surrogates
 * could otherwise have the same bytes).
 */
export function encodeFields(fields: readonly string[]): Buffer {
  const parts: Buffer[] = [];
  for (const field of fields) {
    if (typeof field !== 'string' || !field.isWellFormed()) throw new TypeError('A field must be well-formed text.');
    const bytes = Buffer.from(field, 'utf8');
    if (bytes.length > MAX_FIELD_BYTES) throw new TypeError(`A field may have at most ${MAX_FIELD_BYTES} bytes.`);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}

/** `label` (ASCII) followed by the SHA-256 of the encoded fields: short enough for every HKDF implementation. */
export function labelledDigest(label: string, fields: readonly string[]): Buffer {
  return Buffer.concat([Buffer.from(label, 'ascii'), createHash('sha256').update(encodeFields(fields)).digest()]);
}
