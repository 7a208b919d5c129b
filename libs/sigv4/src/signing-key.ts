import { createHmac, createSecretKey, hash, timingSafeEqual, type KeyObject } from 'node:crypto';

export const TERMINAL = 'aws4_request';
export const ALGORITHM = 'AWS4-HMAC-SHA256';

/** The key that signs for one day, region and service; knowing it does not give away the secret. */
export function deriveSigningKey(secret: string, date: string, region: string, service: string): Buffer {
  const ofDate = hmac(`AWS4${secret}`, date);
  const ofRegion = hmac(ofDate, region);
  return hmac(hmac(ofRegion, service), TERMINAL);
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'utf8').digest();
}

/** A derived signing key. Whoever uses one often keeps it as a key object: of a key in a buffer Node takes 20 µs more. */
export type SigningKey = Buffer | KeyObject;

/** Signature of a string to sign, in lower-case hex. */
export function sign(signingKey: SigningKey, stringToSign: string): string {
  const key = Buffer.isBuffer(signingKey) ? createSecretKey(signingKey) : signingKey;
  return createHmac('sha256', key).update(stringToSign, 'utf8').digest('hex');
}

export function sha256Hex(data: string | Uint8Array, encoding: 'latin1' | 'utf8' = 'utf8'): string {
  return hash('sha256', typeof data === 'string' ? Buffer.from(data, encoding) : data, 'hex');
}

export const EMPTY_SHA256 = sha256Hex('');

/** Compares in a time that depends on the lengths only. */
export function equalSignatures(expected: string, provided: string): boolean {
  const left = Buffer.from(expected, 'utf8');
  const right = Buffer.from(provided, 'utf8');
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Bytes as AWS prints them in errors: `41 57 53 34`. */
export function spacedHex(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/..(?!$)/g, '$& ');
}
