import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from 'node:zlib';
import { combineCrc, CRC_KINDS, crcFromBytes, crcOf, crcToBytes, type CrcKind } from './crc-combine.ts';
import { objectChecksum } from './object-checksum.ts';

const kind = (name: string): CrcKind => CRC_KINDS.get(name) as CrcKind;

describe('CRC combination', () => {
  // Check values of '123456789' in the catalogue of parametrised CRC algorithms.
  it.each([
    ['CRC32', 0xcbf43926n],
    ['CRC32C', 0xe3069283n],
    ['CRC64NVME', 0xae8b14860a799888n],
  ])('%s has the published check value', (name, value) => {
    expect(crcOf(kind(name), Buffer.from('123456789'))).toBe(value);
  });

  it.each(['CRC32', 'CRC32C', 'CRC64NVME'])('%s of a concatenation', (name) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.uint8Array({ maxLength: 80 }), (a, b) => {
        const crc = kind(name);
        const whole = crcOf(crc, Buffer.concat([a, b]));
        expect(combineCrc(crc, crcOf(crc, a), crcOf(crc, b), b.length)).toBe(whole);
        expect(crcFromBytes(crcToBytes(crc, whole))).toBe(whole);
      }),
    );
  });

  it('agrees with zlib on pieces of megabytes', () => {
    const a = Buffer.alloc(6_000_001, 'coffer');
    const b = Buffer.alloc(5_000_003, 'store');
    const combined = combineCrc(kind('CRC32'), BigInt(crc32(a)), BigInt(crc32(b)), b.length);
    expect(combined).toBe(BigInt(crc32(Buffer.concat([a, b]))));
  });
});

/** The definition, bit by bit: what follows must agree with it and take a fraction of its time. */
function slowCombine(crc: CrcKind, a: bigint, b: bigint, lengthOfB: number): bigint {
  let shifted = a;
  for (let bit = 0; bit < 8 * lengthOfB; bit += 1) {
    shifted = shifted & 1n ? (shifted >> 1n) ^ crc.polynomial : shifted >> 1n;
  }
  return shifted ^ b;
}

describe('many parts', () => {
  it.each(['CRC32', 'CRC32C', 'CRC64NVME'])('%s of registers with any bits set', (name) => {
    const crc = kind(name);
    const register = fc.bigInt({ min: 0n, max: (1n << BigInt(crc.bits)) - 1n });
    fc.assert(
      fc.property(register, register, fc.nat(5000), (a, b, length) => {
        expect(combineCrc(crc, a, b, length)).toBe(slowCombine(crc, a, b, length));
      }),
    );
  });

  it('of 10,000 parts of different sizes hold up nobody for long', () => {
    const parts = Array.from({ length: 10_000 }, (_, n) => ({
      size: 2 ** 33 - 1 - n,
      algorithm: 'CRC64NVME',
      value: '//////////8=',
    }));
    const began = process.cpuUsage();
    expect(objectChecksum({ algorithm: 'CRC64NVME', type: 'FULL_OBJECT' }, parts)?.value).toHaveLength(12);
    // Some 300 ms of this process's own time; with bigints throughout it takes seconds.
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(1500);
  });
});

describe('checksums of multipart objects', () => {
  it('has none when a part lacks it or another algorithm was used', () => {
    const part = { size: 1, algorithm: 'CRC32', value: 'AAAAAA==' };
    expect(objectChecksum(undefined, [part, { ...part, algorithm: 'CRC32C' }])).toBeUndefined();
    expect(objectChecksum(undefined, [part, { ...part, value: null }])).toBeUndefined();
    expect(objectChecksum(undefined, [{ ...part, algorithm: 'SHA256' }])).toBeUndefined();
    expect(objectChecksum({ algorithm: 'CRC32', type: 'COMPOSITE' }, [part, part])?.value).toMatch(/^[\w+/]{6}==-2$/);
  });
});
