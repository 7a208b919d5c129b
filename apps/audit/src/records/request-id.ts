const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 26;
/** Characters that hold the time: 48 bits in groups of five. */
const TIME_LENGTH = 10;
const MAX_TIME = 2 ** 48 - 1;

const values = new Map([...ALPHABET].map((character, value) => [character, value]));

/**
 * The time inside a request id, in milliseconds since 1970 UTC: its first ten characters are a 48-bit number in
 * Crockford's base32. Undefined when this is not a request id.
 */
export function timeOfRequestId(requestId: string): number | undefined {
  if (requestId.length !== LENGTH) return undefined;
  let time = 0;
  for (let index = 0; index < LENGTH; index += 1) {
    const value = values.get(requestId.charAt(index));
    if (value === undefined) return undefined;
    if (index < TIME_LENGTH) time = time * 32 + value;
  }
  return time > MAX_TIME ? undefined : time;
}

/** The smallest request id of a millisecond; ids of earlier ones sort before it. */
export function firstRequestIdAt(time: number): string {
  let rest = Math.min(Math.max(Math.trunc(time), 0), MAX_TIME);
  let text = '';
  for (let index = 0; index < TIME_LENGTH; index += 1) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text.padEnd(LENGTH, '0');
}

/** Sorts after every request id of the millisecond and before every one of the next. */
export function lastRequestIdAt(time: number): string {
  return firstRequestIdAt(time).slice(0, TIME_LENGTH).padEnd(LENGTH, 'Z');
}

/** The UTC day of a time, as `YYYY-MM-DD`. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
