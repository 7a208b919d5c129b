import { randomFillSync } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CHANCE = 16;

/** Drawn for many ids at once: a draw costs as much as fifty ids. */
const pool = Buffer.alloc(256 * CHANCE);
let used = pool.length;

function chanceBytes(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += CHANCE;
  return pool.subarray(used - CHANCE, used);
}

/**
 * A request id: 48 bits of milliseconds, then 80 random bits, in Crockford base32 (26 characters). Ids sort by time,
 * which lets audit keep records in one partition a day.
 */
export function newRequestId(now: number = Date.now()): string {
  let time = '';
  for (let rest = now, i = 0; i < 10; i++) {
    time = ALPHABET.charAt(rest % 32) + time;
    rest = Math.floor(rest / 32);
  }
  let chance = '';
  for (const byte of chanceBytes()) chance += ALPHABET.charAt(byte & 31);
  return time + chance;
}
