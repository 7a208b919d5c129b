import { isFault } from '@coffer/contracts';
import { describe, expect, it } from 'vitest';
import { parseRange, resolveRange } from './range.ts';

describe('Range header', () => {
  it.each([
    ['bytes=0-9', 100, 0, 9],
    ['bytes=90-', 100, 90, 99],
    ['bytes=90-1000', 100, 90, 99],
    ['bytes=-10', 100, 90, 99],
    ['bytes=-1000', 100, 0, 99],
    ['bytes=0-0', 1, 0, 0],
    ['bytes=5-9223372036854775806', 100, 5, 99],
    ['bytes=5-18446744073709551615', 100, 5, 99],
    ['bytes=-9223372036854775807', 100, 0, 99],
    [`bytes=5-${'9'.repeat(400)}`, 100, 5, 99],
    [`bytes=-${'9'.repeat(400)}`, 100, 0, 99],
  ])('%s of %d bytes is %d to %d', (header, size, start, end) => {
    const spec = parseRange(header);
    expect(spec).toBeDefined();
    expect(resolveRange(spec as never, size, header)).toEqual({ start, end });
  });

  it.each(['bytes=5-1', 'bytes=a-b', 'bytes=0-1,4-5', 'items=0-1', 'bytes=-', ''])('%j is ignored', (header) => {
    expect(parseRange(header)).toBeUndefined();
  });

  it.each([
    ['bytes=100-', 100],
    ['bytes=9223372036854775807-', 100],
    [`bytes=${'9'.repeat(400)}-`, 100],
    ['bytes=0-', 0],
    ['bytes=-0', 10],
    ['bytes=-5', 0],
  ])('%s of %d bytes cannot be satisfied', (header, size) => {
    const spec = parseRange(header);
    try {
      resolveRange(spec as never, size, header);
      expect.unreachable();
    } catch (error) {
      expect(isFault(error, 'InvalidRange')).toBe(true);
      expect(error).toMatchObject({ status: 416, extras: { ActualObjectSize: String(size), RangeRequested: header } });
    }
  });
});
