import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newUploadId, OpaqueIds } from './opaque-ids.ts';

const ids = new OpaqueIds(Buffer.from('a secret of this deployment'));
const others = new OpaqueIds(Buffer.from('another secret'));

describe('version ids', () => {
  it('hold their order and look like ids', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 47 }), (order) => {
        const id = ids.newVersionId(order);
        expect(id).toMatch(/^[A-Za-z0-9._]{32}$/);
        expect(ids.orderOf(id)).toBe(order);
        expect(others.orderOf(id)).toBeUndefined();
      }),
    );
  });

  it('any altered character is noticed', () => {
    const id = ids.newVersionId(7);
    for (let at = 0; at < id.length; at += 1) {
      const altered = id.slice(0, at) + (id[at] === 'x' ? 'y' : 'x') + id.slice(at + 1);
      expect(ids.orderOf(altered), altered).toBeUndefined();
    }
    for (const wrong of ['', 'null', id.slice(1), `${id}A`, id.replaceAll(/./g, 'A')])
      expect(ids.orderOf(wrong)).toBeUndefined();
  });
});

describe('tokens', () => {
  it('hold their position for their own scope alone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 50 }), (position) => {
        const token = ids.newToken('list a', position);
        expect(ids.positionOf('list a', token)).toBe(position);
        expect(ids.positionOf('list b', token)).toBeUndefined();
        expect(others.positionOf('list a', token)).toBeUndefined();
        expect(ids.positionOf('list a', `${token}A`)).toBeUndefined();
      }),
    );
  });
});

describe('upload ids', () => {
  it('sort by time', () => {
    const times = [0, 1, 31, 32, 1_700_000_000_000, 1_700_000_000_001];
    expect(times.map(newUploadId).toSorted()).toEqual(
      times.map((time) => expect.stringMatching(new RegExp(`^${newUploadId(time).slice(0, 10)}`)) as string),
    );
  });
});
