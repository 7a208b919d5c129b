import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SealError } from './errors.ts';
import { SEGMENT_SIZE } from './format.ts';
import { readBlobKey, wipeKey } from './header.ts';
import { open, openUnder, seal } from './whole.ts';

const dataKey = randomBytes(32);
const identity = { bucketId: 'b', key: 'k', versionId: 'v', blobId: 'i' };

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'opened';
  } catch (error) {
    return error instanceof SealError ? error.code : String(error);
  }
};

describe('a key that was read from a body', () => {
  it.each([0, 1, 4096, SEGMENT_SIZE, SEGMENT_SIZE + 1, 3 * SEGMENT_SIZE])(
    'opens it again and again: %d bytes',
    (size) => {
      const plain = randomBytes(size);
      const sealed = seal(dataKey, identity, plain);
      const key = readBlobKey(dataKey, identity, sealed);
      for (let time = 0; time < 3; time += 1) expect(openUnder(key, sealed).equals(plain)).toBe(true);
      expect(open(dataKey, identity, sealed).equals(plain)).toBe(true);
    },
  );

  it('opens no other body, not even one of the same identity', () => {
    const [one, other] = [seal(dataKey, identity, randomBytes(50)), seal(dataKey, identity, randomBytes(50))];
    const key = readBlobKey(dataKey, identity, one);
    expect(codeOf(() => openUnder(key, other))).toBe('wrong-key');
    const mixed = Buffer.concat([one.subarray(0, one.length - 66), other.subarray(other.length - 66)]);
    expect(codeOf(() => openUnder(key, mixed))).toBe('tampered');
  });

  it('finds every bit that was turned over, and every cut', () => {
    const sealed = seal(dataKey, identity, randomBytes(20));
    const key = readBlobKey(dataKey, identity, sealed);
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const altered = Buffer.from(sealed);
      altered[bit >> 3]! ^= 1 << (bit & 7);
      expect(codeOf(() => openUnder(key, altered))).not.toBe('opened');
    }
    for (let length = 0; length < sealed.length; length += 1) {
      expect(codeOf(() => openUnder(key, sealed.subarray(0, length)))).not.toBe('opened');
    }
  });

  it('opens nothing once it is wiped', () => {
    const sealed = seal(dataKey, identity, randomBytes(20));
    const key = readBlobKey(dataKey, identity, sealed);
    wipeKey(key);
    expect(() => openUnder(key, sealed)).toThrow(TypeError);
  });
});
