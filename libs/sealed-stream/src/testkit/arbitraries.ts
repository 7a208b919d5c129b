import * as fc from 'fast-check';
import type { BlobIdentity } from '../header.ts';
import { SEGMENT_SIZE } from '../format.ts';
import { vectorPlain } from './vectors.ts';

/** Plain sizes, most of them around the borders of segments. */
export const plainSizes: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc
    .tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: -2, max: 2 }))
    .map(([segments, offset]) => Math.max(0, segments * SEGMENT_SIZE + offset)),
  fc.integer({ min: 0, max: 4 * SEGMENT_SIZE }),
);

export const plains: fc.Arbitrary<Buffer> = plainSizes.map(vectorPlain);

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
export const identities: fc.Arbitrary<BlobIdentity> = fc.record({
  bucketId: text,
  key: text,
  versionId: text,
  blobId: text,
});

export const keys: fc.Arbitrary<Buffer> = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes));

/** Cuts bytes at the given places (each from 0 to 1). */
export function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = places.map((place) => Math.floor(place * bytes.length)).toSorted((a, b) => a - b);
  return [0, ...ends].map((start, index) => bytes.subarray(start, ends[index] ?? bytes.length));
}
