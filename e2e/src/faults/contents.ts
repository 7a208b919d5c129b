import { randomBytes } from 'node:crypto';
import { sha256 } from '../harness/data.ts';
import type { SeededRandom } from './seeded-random.ts';

/** What a key holds, as far as the journal is concerned. */
export interface Content {
  readonly sha256: string;
  readonly size: number;
  /** `name=value` pairs of the object's tags, sorted. */
  readonly tags: string;
}

export interface Made extends Content {
  readonly body: Buffer;
}

const POOL = randomBytes(12 * 1024 ** 2);
let made = 0;

/** A body like no other: its number, then random bytes. The same each time in one process. */
export function numberedBody(number: number, size: number): Buffer {
  const start = (number * 4099) % (POOL.length - size);
  const content = Buffer.from(POOL.subarray(start, start + size));
  content.write(`${number}`.padStart(12, '0').slice(0, size), 0, 'latin1');
  return content;
}

/** The next body like no other. */
export function body(size: number): Buffer {
  return numberedBody((made += 1), size);
}

export function contentOf(bytes: Buffer, tags = ''): Made {
  return { body: bytes, sha256: sha256(bytes), size: bytes.length, tags };
}

/** Sizes of every kind: bodies in the row, bodies in the blob tier, several segments. */
export function anySize(random: SeededRandom): number {
  return random.weighted<() => number>([
    [() => random.int(16, 200), 3],
    [() => random.int(200, 16_000), 4],
    [() => random.int(16_000, 18_000), 1],
    [() => random.int(20_000, 200_000), 3],
    [() => random.int(500_000, 3_000_000), 0.4],
  ])();
}
