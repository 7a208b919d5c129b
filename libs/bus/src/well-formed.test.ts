import * as fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { decode, encode } from './codec.ts';
import { requireWellFormed } from './well-formed.ts';

const bytesOf = (...parts: (number | number[] | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => (Buffer.isBuffer(part) ? part : Buffer.from(Array.isArray(part) ? part : [part]))));

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 5 },
    fc.anything({ maxDepth: 0, withBigInt: false, withNullPrototype: false }).filter((one) => typeof one !== 'object'),
    fc.integer(),
    fc.double(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constantFrom(null, undefined, new Date(0), new Date(1e12 + 1), new Date(1e15)),
    fc.constantFrom(31, 32, 255, 256, 65_536).map((size) => 'x'.repeat(size)),
    fc.constantFrom(0, 255, 256, 65_536).map((size) => Buffer.alloc(size, 1)),
    fc.array(tie('any'), { maxLength: 20 }),
    fc.dictionary(fc.string({ maxLength: 40 }), tie('any'), { maxKeys: 20 }),
  ),
})).any;

describe('what may be read as a message', () => {
  it('is all that is sent, and no part of it', () => {
    fc.assert(
      fc.property(value, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (one, part) => {
        const bytes = encode(one);
        requireWellFormed(bytes);
        expect(() => requireWellFormed(bytes.subarray(0, Math.floor(part * bytes.length)))).toThrow(RangeError);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([15, 16, 65_535, 65_536])('lists and maps of %i members', (count) => {
    const list = Array.from({ length: count }, (_, index) => index);
    for (const one of [list, Object.fromEntries(list.map((index) => [`k${String(index)}`, index]))]) {
      const bytes = encode(one);
      requireWellFormed(bytes);
      expect(() => requireWellFormed(bytes.subarray(0, -1))).toThrow('ends within a value');
    }
  });

  it('is nested at most 64 deep, however it is written', () => {
    for (const open of [
      [0x91],
      [0xdc, 0, 1],
      [0xdd, 0, 0, 0, 1],
      [0x81, 0xa0],
      [0xde, 0, 1, 0xa0],
      [0xdf, 0, 0, 0, 1, 0],
    ]) {
      const nested = (levels: number): Buffer => bytesOf(...Array.from({ length: levels }, () => open), 1);
      expect(() => requireWellFormed(nested(64))).not.toThrow();
      for (const levels of [65, 66, 4_000, 100_000]) {
        expect(() => requireWellFormed(nested(levels))).toThrow('nested more than 64 deep');
      }
    }
  });

  it('never claims more than it has', () => {
    for (const head of [
      [0xdd, 255, 255, 255, 255],
      [0xdf, 255, 255, 255, 255],
      [0xdb, 255, 255, 255, 255],
      [0xc6, 255, 255, 255, 255],
    ]) {
      expect(() => decode(bytesOf(head, 1))).toThrow('ends within a value');
    }
  });

  it('has no type that no contract has', () => {
    expect(() => decode(bytesOf(0xc1))).toThrow('of a type');
    for (let type = 1; type < 0xff; type += 1) {
      for (const head of [
        [0xd4, type],
        [0xd5, type],
        [0xd6, type],
        [0xd7, type],
        [0xd8, type],
        [0xc7, 1, type],
        [0xc8, 0, 1, type],
        [0xc9, 0, 0, 0, 1, type],
      ]) {
        expect(() => decode(bytesOf(head, Buffer.alloc(16)))).toThrow('of a type');
      }
    }
    const rich = new Packr({ moreTypes: true, structuredClone: true, useRecords: true });
    for (const one of [new Set([1]), new Error('x'), /x/, new Float64Array(2), [{ a: 1 }]]) {
      expect(() => decode(rich.pack(one))).toThrow();
    }
  });

  it('reads what it lets pass, or fails by itself', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
