import { describe, expect, it } from 'vitest';
import { checksumAlgorithms, isChecksumAlgorithm, multipartChecksum } from './index.ts';

const refused = (message: string | RegExp) =>
  expect.objectContaining({ code: 'InvalidRequest', status: 400, message: expect.stringMatching(message) as unknown });

describe('the checksum of a multipart upload', () => {
  it.each([
    ['CRC32', 'COMPOSITE', ['COMPOSITE', 'FULL_OBJECT']],
    ['CRC32C', 'COMPOSITE', ['COMPOSITE', 'FULL_OBJECT']],
    ['CRC64NVME', 'FULL_OBJECT', ['FULL_OBJECT']],
    ['SHA1', 'COMPOSITE', ['COMPOSITE']],
    ['SHA256', 'COMPOSITE', ['COMPOSITE']],
    ['SHA512', 'COMPOSITE', ['COMPOSITE']],
    ['MD5', 'COMPOSITE', ['COMPOSITE']],
  ])('of %s is %s unless it is asked for as one of %j', (algorithm, preset, types) => {
    expect(multipartChecksum(algorithm)).toEqual({ algorithm, type: preset });
    for (const type of ['COMPOSITE', 'FULL_OBJECT', 'constructor', '']) {
      const asked = () => multipartChecksum(algorithm, type);
      if (types.includes(type)) expect(asked()).toEqual({ algorithm, type });
      else
        expect(asked).toThrow(
          refused(`^The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.$`),
        );
    }
  });

  it.each(['XXHASH64', 'XXHASH3', 'XXHASH128', 'crc32', 'constructor', '', undefined, 7])(
    'cannot be of %s; the answer names those that it can be of',
    (algorithm) => {
      expect(() => multipartChecksum(algorithm, 'COMPOSITE')).toThrow(
        refused(
          /^Checksum algorithm provided is unsupported\. .* \[CRC32, CRC32C, CRC64NVME, SHA1, SHA256, SHA512, MD5\]$/,
        ),
      );
    },
  );

  it('every name is one that the table holds itself', () => {
    expect(checksumAlgorithms).toHaveLength(10);
    for (const name of ['toString', '__proto__', 'MD4']) expect(isChecksumAlgorithm(name)).toBe(false);
  });
});
