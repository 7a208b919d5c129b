import { checksumAlgorithms, type ChecksumAlgorithm } from '@coffer/contracts';
import { describe, expect, it } from 'vitest';
import { checksumLength, newDigester } from './algorithms.ts';

/** Check values of the catalogues for the nine bytes «123456789». */
const CHECK: Partial<Record<ChecksumAlgorithm, string>> = {
  CRC32: 'cbf43926',
  CRC32C: 'e3069283',
  CRC64NVME: 'ae8b14860a799888',
  MD5: '25f9e794323b453885f5181f1b624d0b',
  SHA1: 'f7c3bc1d808e04732adf679965ccc34ca7ae3441',
  SHA256: '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
};

describe('checksum algorithms', () => {
  it.each(Object.entries(CHECK))(
    '%s has its published check value, in one piece or many, and again',
    async (name, value) => {
      for (let round = 0; round < 3; round++) {
        const counter = await newDigester(name as ChecksumAlgorithm);
        for (const byte of Buffer.from('123456789')) counter.update(Buffer.of(byte));
        expect(counter.digest().toString('hex')).toBe(value);
      }
    },
  );

  it.each([...checksumAlgorithms])('%s gives as many bytes as S3 shows, and does not mix two uses', async (name) => {
    const [one, two] = [await newDigester(name), await newDigester(name)];
    one.update(Buffer.from('one'));
    two.update(Buffer.from('two'));
    const [a, b] = [one.digest(), two.digest()];
    expect(a).toHaveLength(checksumLength[name]);
    expect(a.equals(b)).toBe(false);
    const again = await newDigester(name);
    again.update(Buffer.from('one'));
    expect(again.digest().equals(a)).toBe(true);
  });
});
