/** Object ids of types never change. */
const BYTEA_OID = 17;
const HEAD_BYTES = 12;
const DIMENSION_BYTES = 8;
const NULL_LENGTH = -1;

/**
 * A value for a parameter `$n::bytea[]`, in the binary form of Postgres (`array_send` in its sources). A list of buffers
 * would travel as text in hexadecimal digits, twice as long, which both sides go through byte by byte.
 */
export function byteaArray(elements: readonly (Uint8Array | null)[]): Buffer {
  const size = elements.reduce((sum, element) => sum + 4 + (element?.length ?? 0), 0);
  const dimensions = elements.length === 0 ? 0 : 1;
  const value = Buffer.allocUnsafe(HEAD_BYTES + dimensions * DIMENSION_BYTES + size);
  let at = value.writeInt32BE(dimensions, 0);
  at = value.writeInt32BE(elements.includes(null) ? 1 : 0, at);
  at = value.writeInt32BE(BYTEA_OID, at);
  if (dimensions > 0) {
    at = value.writeInt32BE(elements.length, at);
    // The lower bound: arrays of SQL begin with 1.
    at = value.writeInt32BE(1, at);
  }
  for (const element of elements) {
    at = value.writeInt32BE(element?.length ?? NULL_LENGTH, at);
    if (!element) continue;
    value.set(element, at);
    at += element.length;
  }
  return value;
}
