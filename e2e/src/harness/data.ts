import { createHash, randomBytes } from 'node:crypto';

export function md5(data: Buffer | string): string {
  return createHash('md5').update(data).digest('hex');
}

export function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Random bytes. */
export function bytes(length: number): Buffer {
  return randomBytes(length);
}

export const MiB = 1024 ** 2;
