import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canMatchPrefix, compileGlob, globTokens } from './glob.ts';

const matches = (pattern: string, text: string): boolean => compileGlob(globTokens(pattern))(text);

/** The meaning of a pattern, written for clarity: table of prefixes against prefixes. */
function reference(pattern: string, text: string): boolean {
  const p = Array.from(pattern);
  const t = Array.from(text);
  let row = [true, ...t.map(() => false)];
  for (const char of p) {
    const next = [char === '*' && row[0] === true];
    for (let i = 0; i < t.length; i += 1) {
      if (char === '*') next.push(row[i + 1] === true || next[i] === true);
      else next.push(row[i] === true && (char === '?' || char === t[i]));
    }
    row = next;
  }
  return row[t.length] === true;
}

describe('glob', () => {
  it.each([
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['a*', 'abc', true],
    ['*c', 'abc', true],
    ['a*c', 'ac', true],
    ['aa*aa', 'aaa', false],
    ['a*b*c', 'a1b2c', true],
    ['a*b*c', 'a1c2b', false],
    // The middle piece may not be found within the last one.
    ['a*b*b', 'aab', false],
    ['*ab*ba', 'xaba', false],
    ['?', '', false],
    ['?', '😀', true],
    ['??', '😀', false],
    ['a?c', 'abc', true],
    ['*?', 'x', true],
    ['[a-z]+', 'b', false],
    ['a.c', 'abc', false],
  ])('%j against %j is %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '/', '😀'), maxLength: 12 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '😀', '*', '?'), maxLength: 10 });

  it('agrees with the reference', () => {
    fc.assert(
      fc.property(pattern, letters, (p, t) => {
        expect(matches(p, t)).toBe(reference(p, t));
      }),
      { numRuns: 3000 },
    );
  });

  it('agrees with the reference where pieces overlap', () => {
    const few = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 7 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 7 });
    fc.assert(
      fc.property(few, text, (p, t) => {
        expect(matches(p, t)).toBe(reference(p, t));
      }),
      { numRuns: 3000 },
    );
  });

  it('never excludes a prefix that some matching text has', () => {
    fc.assert(
      fc.property(pattern, letters, letters, (p, prefix, rest) => {
        if (matches(p, prefix + rest)) expect(canMatchPrefix(globTokens(p), prefix)).toBe(true);
      }),
    );
    expect(canMatchPrefix(globTokens('arn:aws:s3:::b*'), 'arn:aws:s3:::bucket/')).toBe(true);
    expect(canMatchPrefix(globTokens('arn:aws:s3:::bucket'), 'arn:aws:s3:::bucket/')).toBe(false);
  });

  it('does not explode on patterns made to explode', () => {
    const text = 'a'.repeat(2000);
    const started = performance.now();
    expect(matches(`${'*a'.repeat(500)}*b`, text)).toBe(false);
    expect(matches(`${'*a?'.repeat(300)}*b`, text)).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
