import { randomFillSync } from 'node:crypto';

/** Gives `size` random bytes. Only tests and published vectors use another source than the system's. */
export type RandomSource = (size: number) => Buffer;

/** Draws of up to this many bytes come from the stock. */
const MAX_DRAWN = 64;
const stock = Buffer.alloc(64 * MAX_DRAWN);
let used = stock.length;

/**
 * Random bytes for what is no secret once it is used: salts, nonces, ids. Drawn from the system for many at once, since
 * a draw costs 5 µs whatever its size. Keys are not made of these: what lies in the stock was not yet anybody's secret,
 * but would be one in advance.
 *
 * @param size at most 64 bytes are taken from the stock; more are drawn for themselves.
 */
export function publicRandom(size: number): Buffer {
  if (size > MAX_DRAWN) return randomFillSync(Buffer.alloc(size));
  if (used + size > stock.length) {
    randomFillSync(stock);
    used = 0;
  }
  used += size;
  return Buffer.from(stock.subarray(used - size, used));
}
