import { publicRandom } from '@coffer/sealed-stream';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * A request id: 48 bits of milliseconds, then 80 random bits, in Crockford base32 (26 characters). Ids sort by time,
 * which lets audit keep records in one partition a day.
 */
export function newRequestId(now: number = Date.now()): string {
  if (now !== lastTime.at) lastTime = { at: now, text: timeText(now) };
  let chance = '';
  for (const byte of publicRandom(16)) chance += ALPHABET.charAt(byte & 31);
  return lastTime.text + chance;
}

/** Many requests come within one millisecond when time is short. */
let lastTime = { at: NaN, text: '' };

function timeText(now: number): string {
  let text = '';
  for (let rest = now, i = 0; i < 10; i++) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
