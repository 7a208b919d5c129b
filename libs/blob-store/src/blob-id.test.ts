import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blobIdTime, isBlobId, newBlobId } from './index.ts';

const random = 'a'.repeat(26);

describe('blob ids', () => {
  it('begin with the UTC hour and tell it again', () => {
    const moments = fc.date({
      min: new Date('2000-01-01T00:00Z'),
      max: new Date('2999-12-31T23:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(moments, (moment) => {
        const id = newBlobId(moment);
        expect(isBlobId(id)).toBe(true);
        expect(id).toMatch(/^\d{10}-[0-9a-v]{26}$/);
        expect(blobIdTime(id).getTime()).toBe(Math.floor(moment.getTime() / 3600_000) * 3600_000);
      }),
    );
    expect(newBlobId(new Date('2026-11-23T18:59:59.999Z')).slice(0, 11)).toBe('2026112318-');
  });

  it('sort by hour', () => {
    const [early, late] = [newBlobId(new Date('2026-09-30T23:00Z')), newBlobId(new Date('2026-10-01T00:00Z'))];
    expect([late, early].sort()).toEqual([early, late]);
  });

  it('do not repeat', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => newBlobId())).size).toBe(10_000);
  });

  it.each([
    '',
    `2026112318${random}`,
    `2026112324-${random}`,
    `2026023000-${random}`,
    `2026130100-${random}`,
    `2026112318-${random}a`,
    `2026112318-${random.slice(1)}`,
    `2026112318-${random.slice(1)}w`,
    `2026112318-${random}\n`,
    `../2026112318-${random}`,
    `2026112318-../${random.slice(3)}`,
  ])('are not %j', (text) => {
    expect(isBlobId(text)).toBe(false);
    expect(() => blobIdTime(text)).toThrow(TypeError);
  });

  it('are text only', () => {
    expect(isBlobId([newBlobId()] as unknown as string)).toBe(false);
    expect(() => newBlobId(new Date(NaN))).toThrow(RangeError);
  });
});
