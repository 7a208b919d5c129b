import { createHash } from 'node:crypto';

/**
 * The bytes in pieces of sizes that their own content decides, so that an input is cut the same way each time.
 *
 * @param scales a piece has up to 17 bytes for each time that so many fit into the whole
 */
export function inPieces(bytes: Buffer, scales: number): Buffer[] {
  const sizes = createHash('sha256').update(bytes).digest();
  const scale = Math.ceil(bytes.length / scales);
  const pieces: Buffer[] = [];
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const size = 1 + (sizes[index % sizes.length]! % 17) * scale;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
