import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Opener, SEGMENT_SIZE, SealError, headerOf, planRange, seal } from './index.ts';
import type { SealErrorCode } from './index.ts';
import { cut, plains } from './testkit/arbitraries.ts';
import { dataKey, identity, runs, SEALED_SEGMENT, streamOpen } from './testkit/streams.ts';

describe('ranges', () => {
  const cases = fc
    .tuple(
      plains.filter((plain) => plain.length > 0),
      fc.nat(),
      fc.nat(),
    )
    .map(([plain, a, b]) => {
      const [start, end] = [a % plain.length, b % plain.length].toSorted((x, y) => x - y);
      return { plain, start: start ?? 0, end: end ?? 0 };
    });

  it('equal the slice, with the header kept elsewhere or in front', async () => {
    await fc.assert(
      fc.asyncProperty(
        cases,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }),
        async ({ plain, start, end }, cuts) => {
          const sealed = seal(dataKey, identity, plain);
          const range = planRange(plain.length, start, end);
          const bytes = sealed.subarray(range.sealedStart, range.sealedEnd + 1);
          const header = headerOf(sealed);
          const wanted = plain.subarray(start, end + 1);
          expect((await streamOpen(cut(bytes, cuts), { range, header })).equals(wanted)).toBe(true);
          expect((await streamOpen(cut(Buffer.concat([header, bytes]), cuts), { range })).equals(wanted)).toBe(true);
          const touched = Math.floor(end / SEGMENT_SIZE) - Math.floor(start / SEGMENT_SIZE) + 1;
          expect(bytes.length).toBeLessThanOrEqual(touched * SEALED_SEGMENT);
        },
      ),
      runs(80),
    );
  });

  it('fail when bytes are missing, added, altered or of other segments', async () => {
    const plain = randomBytes(4 * SEGMENT_SIZE);
    const sealed = seal(dataKey, identity, plain);
    const header = headerOf(sealed);
    const range = planRange(plain.length, SEGMENT_SIZE + 5, 2 * SEGMENT_SIZE + 5);
    const bytes = sealed.subarray(range.sealedStart, range.sealedEnd + 1);
    const altered = Buffer.from(bytes);
    altered[70_000] = (altered[70_000] ?? 0) ^ 1;
    const shifted = sealed.subarray(range.sealedStart + SEALED_SEGMENT, range.sealedEnd + 1 + SEALED_SEGMENT);
    const wrong: [Buffer, SealErrorCode][] = [
      [bytes.subarray(0, -1), 'truncated'],
      [bytes.subarray(0, SEALED_SEGMENT), 'truncated'],
      [Buffer.alloc(0), 'truncated'],
      [sealed.subarray(range.sealedStart, range.sealedEnd + 2), 'too-long'],
      [altered, 'tampered'],
      [shifted, 'tampered'],
    ];
    for (const [input, code] of wrong) {
      await expect(streamOpen([input], { range, header })).rejects.toMatchObject({ code });
    }
  });

  it('fail when the plain size was not the true one', async () => {
    const sealed = seal(dataKey, identity, randomBytes(2 * SEGMENT_SIZE));
    const header = headerOf(sealed);
    const [tooShort, tooLong] = [
      planRange(SEGMENT_SIZE, 0, 9),
      planRange(3 * SEGMENT_SIZE, SEGMENT_SIZE, SEGMENT_SIZE + 9),
    ];
    for (const range of [tooShort, tooLong]) {
      const bytes = sealed.subarray(range.sealedStart, range.sealedEnd + 1);
      await expect(streamOpen([bytes], { range, header })).rejects.toBeInstanceOf(SealError);
    }
  });

  it('are refused outside the content, and so is a plan that contradicts itself', () => {
    for (const [size, start, end] of [
      [0, 0, 0],
      [10, 0, 10],
      [10, -1, 5],
      [10, 5, 4],
      [10, 0.5, 5],
    ] as const) {
      expect(() => planRange(size, start, end)).toThrow(RangeError);
    }
    const plan = planRange(10, 2, 5);
    for (const change of [{ take: 100 }, { take: 0 }, { firstSegment: 1 }, { sealedEnd: 200_000 }, { skip: -1 }]) {
      expect(() => new Opener(dataKey, identity, { range: { ...plan, ...change } })).toThrow(RangeError);
    }
  });

  it('a kept header of another body is refused at construction', () => {
    const header = headerOf(seal(dataKey, { ...identity, blobId: 'other' }, Buffer.alloc(0)));
    expect(() => new Opener(dataKey, identity, { header })).toThrow(SealError);
  });
});
