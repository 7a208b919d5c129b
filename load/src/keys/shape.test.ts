import { describe, expect, it } from 'vitest';
import { keyOf, scattered } from './shape.ts';

describe('keyOf', () => {
  it('names keys as the load client does', () => {
    expect(keyOf({ prefix: 'k/', keys: 9, group: 0, delimiter: '/' }, 7)).toBe('k/0000000007');
    expect(keyOf({ prefix: 'k/', keys: 99, group: 50, delimiter: '-' }, 51)).toBe('k/g000001-0000000051');
  });
});

describe('scattered', () => {
  it.each([0, 1, 2, 1000, 4321])('gives each of %i numbers once', (count) => {
    const numbers = [...scattered(count)];
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n));
  });

  it('gives them far from their order', () => {
    expect([...scattered(1000)].slice(0, 3)).toEqual([0, 787, 574]);
  });
});
