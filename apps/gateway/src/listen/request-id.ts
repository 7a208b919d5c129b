import { publicRandom } from '@coffer/sealed-stream';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

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
  for (const byte of publicRandom(16)) chance += ALPHABET.charAt(byte & 31);
  return time + chance;
}
