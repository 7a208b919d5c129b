import { describe, expect, it } from 'vitest';
import { figure, table } from './table.ts';

describe('table', () => {
  it('is Markdown with figures to the right', () => {
    expect(
      table(
        ['what', 'n'],
        [
          ['put', '1,234'],
          ['get', '5'],
        ],
      ),
    ).toBe(['| what |     n |', '| ---- | ----: |', '| put  | 1,234 |', '| get  |     5 |'].join('\n'));
  });
});

describe('figure', () => {
  it('shows as many digits as say something', () => {
    expect([12_345.6, 123.4, 12.34, 1.234, 0.1234, 0].map(figure)).toEqual([
      '12,346',
      '123',
      '12.3',
      '1.23',
      '0.123',
      '0.00',
    ]);
    expect(figure(Number.NaN)).toBe('–');
  });
});
