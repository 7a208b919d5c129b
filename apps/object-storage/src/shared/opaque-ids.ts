import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

const ORDER_BYTES = 6;
const RANDOM_BYTES = 10;
const TAG_BYTES = 8;
const VERSION_ID_BYTES = ORDER_BYTES + RANDOM_BYTES + TAG_BYTES;
const VERSION_ID_SHAPE = /^[A-Za-z0-9._]{32}$/;
const MAX_TOKEN_LENGTH = 4096;

/** The version id of what was written while versioning was not enabled. */
export const NULL_VERSION = 'null';

/**
 * Ids and tokens that clients hold but cannot make: each carries a MAC under a secret that all replicas share, so that
 * one that was never issued is told apart from one whose thing is gone.
 */
export class OpaqueIds {
  readonly #secret: KeyObject;

  constructor(secret: Uint8Array) {
    this.#secret = createSecretKey(secret);
  }

  #mac(purpose: string, ...parts: (Uint8Array | string)[]): Buffer {
    const mac = createHmac('sha256', this.#secret).update(`${purpose}\0`);
    for (const part of parts) mac.update(part);
    return mac.digest();
  }

  /**
   * A new public version id, 32 characters: order number (masked) | random | MAC. It holds the version's place among the
   * versions of its key, so that a listing can go on behind a version that was deleted meanwhile.
   */
  newVersionId(orderNo: number): string {
    const random = randomBytes(RANDOM_BYTES);
    const order = Buffer.alloc(ORDER_BYTES);
    order.writeUIntBE(orderNo, 0, ORDER_BYTES);
    const tag = this.#mac('version', order, random).subarray(0, TAG_BYTES);
    return toText(Buffer.concat([this.#masked(order, random), random, tag]));
  }

  /** The order number inside a version id, or undefined when this deployment never issued it. */
  orderOf(versionId: string): number | undefined {
    if (!VERSION_ID_SHAPE.test(versionId)) return undefined;
    const bytes = fromText(versionId);
    if (bytes.length !== VERSION_ID_BYTES || toText(bytes) !== versionId) return undefined;
    const random = bytes.subarray(ORDER_BYTES, ORDER_BYTES + RANDOM_BYTES);
    const order = this.#masked(bytes.subarray(0, ORDER_BYTES), random);
    const tag = this.#mac('version', order, random).subarray(0, TAG_BYTES);
    if (!timingSafeEqual(tag, bytes.subarray(ORDER_BYTES + RANDOM_BYTES))) return undefined;
    return order.readUIntBE(0, ORDER_BYTES);
  }

  #masked(order: Uint8Array, random: Uint8Array): Buffer {
    const mask = this.#mac('mask', random);
    return Buffer.from(order.map((byte, index) => byte ^ (mask[index] ?? 0)));
  }

  /** A continuation token that holds `position` and is valid for `scope` (operation and bucket) alone. */
  newToken(scope: string, position: string): string {
    const tag = this.#mac('token', `${scope}\0`, position).subarray(0, TAG_BYTES);
    return Buffer.concat([tag, Buffer.from(position, 'utf8')]).toString('base64url');
  }

  /** The position inside a token, or undefined when the token was not issued for this scope. */
  positionOf(scope: string, token: string): string | undefined {
    if (token.length > MAX_TOKEN_LENGTH) return undefined;
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.length < TAG_BYTES || bytes.toString('base64url') !== token) return undefined;
    const position = bytes.subarray(TAG_BYTES);
    const tag = this.#mac('token', `${scope}\0`, position).subarray(0, TAG_BYTES);
    return timingSafeEqual(tag, bytes.subarray(0, TAG_BYTES)) ? position.toString('utf8') : undefined;
  }
}

// base64url with `.` for `-`: an id that began with a dash would look like an option to command lines.
function toText(bytes: Buffer): string {
  return bytes.toString('base64url').replaceAll('-', '.');
}

function fromText(text: string): Buffer {
  return Buffer.from(text.replaceAll('.', '-'), 'base64url');
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const UPLOAD_TIME_CHARACTERS = 10;
const UPLOAD_RANDOM_CHARACTERS = 40;

/** Upload ids sort by the time of their beginning; 200 random bits make them impossible to guess. */
export function newUploadId(timeMs: number): string {
  let time = '';
  for (let rest = timeMs; time.length < UPLOAD_TIME_CHARACTERS; rest = Math.floor(rest / 32)) {
    time = CROCKFORD.charAt(rest % 32) + time;
  }
  let random = '';
  for (const byte of randomBytes(UPLOAD_RANDOM_CHARACTERS)) random += CROCKFORD.charAt(byte % 32);
  return time + random;
}
