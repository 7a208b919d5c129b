import { randomBytes, randomInt } from 'node:crypto';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function base32(length: number): string {
  return Array.from(randomBytes(length), (byte) => BASE32[byte & 31]).join('');
}

/** Twelve digits, the first of them not 0: some tools read account ids as numbers. */
export function newAccountId(): string {
  return String(randomInt(1, 10)) + String(randomInt(0, 10 ** 11)).padStart(11, '0');
}

export function newCanonicalId(): string {
  return randomBytes(32).toString('hex');
}

/** Unique id of a user: `AIDA` and 17 characters. */
export function newUserId(): string {
  return `AIDA${base32(17)}`;
}

export function newAccessKeyId(): string {
  return `AKIA${base32(16)}`;
}

/** Forty characters, 240 bits. */
export function newSecret(): string {
  return randomBytes(30).toString('base64');
}
