import { describe, expect, it } from 'vitest';
import { tagValues } from './object-tags.ts';

describe('tagValues', () => {
  it('gives each tag its condition key, the name in lower case, the value as it is', () => {
    const values = tagValues([
      { Key: 'Class', Value: 'Top Secret' },
      { Key: 'größe/x', Value: '' },
    ])!;
    expect([...values]).toEqual([
      ['s3:existingobjecttag/class', 'Top Secret'],
      ['s3:existingobjecttag/größe/x', ''],
    ]);
  });

  it('of no tags are no values, which is not the same as unknown', () => {
    expect(tagValues([])?.size).toBe(0);
  });

  it('cannot be told when names are equal but for case', () => {
    const secret = { Key: 'class', Value: 'secret' };
    const open = { Key: 'Class', Value: 'open' };
    expect(tagValues([secret, open])).toBeUndefined();
    expect(tagValues([open, secret])).toBeUndefined();
    expect(tagValues([secret, { Key: 'other', Value: 'x' }, { Key: 'CLASS', Value: 'secret' }])).toBeUndefined();
  });
});
