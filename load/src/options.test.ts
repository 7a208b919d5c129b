import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.ts';

const known = ['put-4k', 'listing'];

describe('parseOptions', () => {
  it('has defaults for all', () => {
    expect(parseOptions([], known)).toEqual({
      only: [],
      rounds: 5,
      seconds: 3,
      listed: 100_000,
      many: 1_000_000,
      subjects: ['minio', 'embedded', 'native'],
      folder: undefined,
      json: undefined,
    });
  });

  it('lets a quick run be longer where that is said', () => {
    expect(parseOptions(['--quick', '--rounds', '7'], known)).toMatchObject({ rounds: 7, seconds: 1, listed: 10_000 });
  });

  it('refuses what it does not know', () => {
    expect(() => parseOptions(['--only', 'put-4k,post'], known)).toThrow(/no post/);
    expect(() => parseOptions(['--subjects', 'minio,ceph'], known)).toThrow(/ceph/);
    expect(() => parseOptions(['--rounds', '0'], known)).toThrow(/rounds/);
    expect(() => parseOptions(['--seconds', 'x'], known)).toThrow(/seconds/);
    expect(() => parseOptions(['--fast'], known)).toThrow(/fast/);
  });

  it('knows when help is asked for', () => {
    expect(parseOptions(['--help'], known)).toBeUndefined();
  });
});
