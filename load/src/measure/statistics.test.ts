import { describe, expect, it } from 'vitest';
import { median, ratio } from './statistics.ts';

describe('median', () => {
  it('is the middle, or the mean of the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });
});

describe('ratio', () => {
  it('is taken within each round', () => {
    // The second round was slow for both; the medians of both sides alone would say 0.75.
    expect(ratio([50, 10, 60], [100, 20, 80])).toEqual({ median: 0.5, lowest: 0.5, highest: 0.75 });
  });

  it('refuses rounds that do not match', () => {
    expect(() => ratio([1], [1, 2])).toThrow(RangeError);
    expect(() => ratio([], [])).toThrow(RangeError);
  });
});
