import { contract } from '@coffer/contracts';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mustOf, notUnderstood } from './must-understand.ts';

const put = contract('kms', 'put', {
  request: z.object({ key: z.string(), lock: z.string().optional() }),
  reply: z.object({}),
  callers: ['gateway'],
  mustUnderstand: ['lock', 'toString'],
});

describe('must understand', () => {
  it('names what is present, inherited members aside', () => {
    expect(mustOf(put, { key: 'a', lock: 'x' })).toEqual(['lock']);
    expect(mustOf(put, { key: 'a', lock: undefined })).toEqual([]);
    expect(mustOf(put, { key: 'a' })).toEqual([]);
    expect(mustOf(put, null)).toEqual([]);
  });

  it('knows the members of an object schema, and what other schemas keep', () => {
    const object = z.object({ lock: z.string().optional() });
    expect(notUnderstood(object, ['lock'], {})).toBeUndefined();
    expect(notUnderstood(object, ['lock', 'hold'], {})).toBe('hold');
    expect(notUnderstood(object, ['constructor'], {})).toBe('constructor');
    expect(notUnderstood(z.looseObject({ a: z.string() }), ['hold'], { a: '', hold: 1 })).toBe('hold');
    const union = z.union([z.object({ a: z.string(), lock: z.string() }), z.object({ a: z.string() })]);
    expect(notUnderstood(union, ['lock'], union.parse({ a: 'x', lock: 'y' }))).toBeUndefined();
    expect(notUnderstood(union, ['hold'], union.parse({ a: 'x', hold: 'y' }))).toBe('hold');
  });
});
