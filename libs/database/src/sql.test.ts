import { pbkdf2Sync, createHmac, createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { mapError } from './errors.ts';
import { DatabaseUnavailable, sql } from './index.ts';
import { scramVerifier } from './scram.ts';

describe('sql', () => {
  it('gives one name to one text only', () => {
    const first = sql('test.one', 'SELECT 1');
    expect(sql('test.one', 'SELECT 1')).toEqual(first);
    expect(() => sql('test.one', 'SELECT 2')).toThrow(/'test.one'/);
  });

  it('refuses names that Postgres would cut off', () => {
    expect(() => sql('n'.repeat(64), 'SELECT 1')).toThrow(/63 bytes/);
    expect(() => sql('', 'SELECT 1')).toThrow(/63 bytes/);
  });
});

describe('scramVerifier', () => {
  it('holds the keys of RFC 5802, and no password', () => {
    const salt = Buffer.from('0123456789abcdef');
    const verifier = scramVerifier('pencil', salt);
    const salted = pbkdf2Sync('pencil', salt, 4096, 32, 'sha256');
    const stored = createHash('sha256')
      .update(createHmac('sha256', salted).update('Client Key').digest())
      .digest('base64');
    expect(verifier.startsWith(`SCRAM-SHA-256$4096:${salt.toString('base64')}$${stored}:`)).toBe(true);
    expect(verifier).not.toContain('pencil');
  });

  it('refuses passwords that would need preparation', () => {
    expect(() => scramVerifier('pässword')).toThrow(/ASCII/);
    expect(() => scramVerifier('')).toThrow(/ASCII/);
  });
});

describe('mapError', () => {
  it('tells a lost connection from an error of the statement', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    expect(mapError(refused, false)).toBeInstanceOf(DatabaseUnavailable);
    expect(mapError(new AggregateError([refused, refused]), true)).toMatchObject({ outcomeUnknown: true });
    const own = new TypeError('no such thing');
    expect(mapError(own, true)).toBe(own);
  });
});
