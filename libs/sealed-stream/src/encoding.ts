import { hash } from 'node:crypto';

/** Longest name or value (UTF-8 bytes) that an identity or a context may hold. */
const MAX_FIELD_BYTES = 4096;
const LENGTH_BYTES = 4;

/**
 * Unambiguous encoding of a list of texts: for each, its length in UTF-8 bytes (4 bytes, big endian), then the bytes.
 *
 * @throws TypeError when a field is not a text, too long, or not well-formed Unicode (two texts with lone surrogates
 * could otherwise have the same bytes).
 */
export function encodeFields(fields: readonly string[]): Buffer {
  const sizes = fields.map((field) => {
    if (typeof field !== 'string' || !field.isWellFormed()) throw new TypeError('A field must be well-formed text.');
    const size = Buffer.byteLength(field, 'utf8');
    if (size > MAX_FIELD_BYTES) throw new TypeError(`A field may have at most ${MAX_FIELD_BYTES} bytes.`);
    return size;
  });
  const encoded = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + LENGTH_BYTES + size, 0));
  let at = 0;
  fields.forEach((field, index) => {
    at = encoded.writeUInt32BE(sizes[index]!, at);
    at += encoded.write(field, at, 'utf8');
  });
  return encoded;
}

/** `label` (ASCII) followed by the SHA-256 of the encoded fields: short enough for every HKDF implementation. */
export function labelledDigest(label: string, fields: readonly string[]): Buffer {
  return Buffer.concat([Buffer.from(label, 'ascii'), hash('sha256', encodeFields(fields), 'buffer')]);
}
