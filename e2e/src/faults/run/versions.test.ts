import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../seeded-random.ts';
import type { ShownVersion } from './versions.ts';
import { Versions } from './versions.ts';

const KEY = 'k';
const first = { id: '1', key: KEY, value: '#1' };
const second = { id: '2', key: KEY, value: '#2' };

function told(): Versions {
  const versions = new Versions();
  versions.made({ ...first, start: 0, end: 10 });
  versions.made({ ...second, start: 20, end: 30 });
  return versions;
}

const check = (versions: Versions, ...shown: ShownVersion[]): string[] => versions.check(shown, [KEY]);

describe('what clients were told of versions', () => {
  it('is compared with what is there', () => {
    expect(check(told(), first, second)).toEqual([]);
    expect(check(told(), second)).toEqual([expect.stringContaining('version 1 of k was acknowledged')]);
    expect(check(told(), first, { ...second, value: '#1' })).toEqual([expect.stringContaining('holds #1, not #2')]);
    expect(check(told(), first, { ...second, value: '' })).toEqual([expect.stringContaining('holds nothing, not #2')]);
    expect(check(told(), first, first, second)).toEqual(['a version is listed twice']);
  });

  it('leaves open what got no answer, once each', () => {
    const versions = told();
    versions.unsure(KEY, '#3');
    const third = { id: '3', key: KEY, value: '#3' };
    expect(check(versions, first, second)).toEqual([]);
    expect(check(versions, first, second, third)).toEqual([]);
    expect(check(versions, first, second, third, { ...third, id: '4' })).toHaveLength(1);
    expect(check(versions, first, second, { ...third, value: '#5' })).toHaveLength(1);
  });

  it('requires what was acknowledged without an id, once', () => {
    const versions = told();
    versions.nameless(KEY, '#3');
    const third = { id: '3', key: KEY, value: '#3' };
    expect(check(versions, first, second, third)).toEqual([]);
    expect(check(versions, first, second)).toEqual([expect.stringContaining('(#3) was acknowledged and is not there')]);
    expect(check(versions, first, second, third, { ...third, id: '4' })).toHaveLength(1);
  });

  it('knows what was removed, and what perhaps was', () => {
    const versions = told();
    const old = versions.superseded(KEY, new SeededRandom(1))!;
    expect(old.id).toBe('1');
    old.removalStart = 40;
    expect(versions.superseded(KEY, new SeededRandom(1))).toBeUndefined();
    expect(check(versions, first, second)).toEqual([]);
    expect(check(versions, second)).toEqual([]);
    old.removalEnd = 50;
    expect(check(versions, second)).toEqual([]);
    expect(check(versions, first, second)).toEqual([expect.stringContaining('was removed and is there')]);
  });

  it('offers no version for removal that may be the current one', () => {
    const versions = new Versions();
    versions.made({ ...first, start: 0, end: 10 });
    versions.made({ ...second, start: 5, end: 30 });
    expect(versions.superseded(KEY, new SeededRandom(1))).toBeUndefined();
  });
});
