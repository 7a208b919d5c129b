import { randomBytes } from 'node:crypto';
import { openUnder, readBlobKey, seal } from '@coffer/sealed-stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BlobKeys } from './blob-keys.ts';

const dataKey = randomBytes(32);
const identity = { bucketId: 'b', key: 'k', versionId: 'v', blobId: 'i' };
const plain = randomBytes(100);
const sealed = seal(dataKey, identity, plain);

let keys: BlobKeys;
beforeEach(() => {
  vi.useFakeTimers();
  keys = new BlobKeys();
  keys.keep(identity, readBlobKey(dataKey, identity, sealed));
});
afterEach(() => {
  keys.close();
  vi.useRealTimers();
});

describe('the keys of bodies that were read lately', () => {
  it('are there for the same body of the same identity alone', () => {
    expect(openUnder(keys.get(identity, sealed)!, sealed).equals(plain)).toBe(true);
    for (const part of ['bucketId', 'key', 'versionId', 'blobId'] as const) {
      expect(keys.get({ ...identity, [part]: 'other' }, sealed)).toBeUndefined();
    }
    expect(keys.get(identity, seal(dataKey, identity, plain))).toBeUndefined();
  });

  it('are held for a minute', () => {
    vi.advanceTimersByTime(59_000);
    expect(keys.get(identity, sealed)).toBeDefined();
    vi.advanceTimersByTime(1_000);
    expect(keys.get(identity, sealed)).toBeUndefined();
  });

  it('open nothing after the end', () => {
    const key = keys.get(identity, sealed)!;
    keys.close();
    expect(keys.get(identity, sealed)).toBeUndefined();
    expect(() => openUnder(key, sealed)).toThrow(TypeError);
  });
});
