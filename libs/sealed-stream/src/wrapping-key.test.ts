import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unwrapKey, wrapKey, WrappingKey, wrappingKeyId } from './index.ts';
import { keys } from './testkit/arbitraries.ts';
import { codeOf, contexts, ids } from './testkit/wrapped.ts';

const AFTER_ID = (id: string): number => 2 + Buffer.byteLength(id);
const saltOf = (wrapped: Buffer, id = 'key'): string => wrapped.toString('hex', AFTER_ID(id), AFTER_ID(id) + 32);
const nonceOf = (wrapped: Buffer, id = 'key'): string => wrapped.toString('hex', AFTER_ID(id) + 64, AFTER_ID(id) + 76);

describe('a wrapping key', () => {
  it('unwraps what it, another holder of it, or a single wrapping made, and they unwrap what it made', () => {
    const secrets = fc.array(fc.uint8Array({ minLength: 1, maxLength: 100 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(keys, ids, secrets, contexts, (kek, id, many, context) => {
        const [one, other] = [new WrappingKey(kek, id), new WrappingKey(kek, id)];
        for (const secret of many) {
          const wrapped = one.wrap(secret, context);
          expect(wrappingKeyId(wrapped)).toBe(id);
          for (const opened of [
            one.unwrap(wrapped, context),
            other.unwrap(wrapped, context),
            unwrapKey(kek, wrapped, context),
          ]) {
            expect(opened.equals(secret)).toBe(true);
          }
          expect(one.unwrap(wrapKey(kek, id, secret, context), context).equals(secret)).toBe(true);
        }
      }),
    );
  });

  it('never uses a nonce twice under one salt, and no salt for ever', () => {
    const key = new WrappingKey(randomBytes(32), 'key');
    const nonces = new Set<string>();
    const salts = new Set<string>();
    const secret = randomBytes(1);
    for (let count = 0; count <= 2 ** 16; count += 1) {
      const wrapped = key.wrap(secret, {});
      salts.add(saltOf(wrapped));
      if (salts.size === 1) nonces.add(nonceOf(wrapped));
      else expect(nonceOf(wrapped)).toBe('00'.repeat(12));
    }
    expect(nonces.size).toBe(2 ** 16);
    expect(salts.size).toBe(2);
  });

  it('has salts of its own in each holder', () => {
    const kek = randomBytes(32);
    const salts = Array.from({ length: 100 }, () => saltOf(new WrappingKey(kek, 'key').wrap(kek, {})));
    expect(new Set(salts).size).toBe(100);
  });

  it('unwraps nothing under another key, in another context, or altered', () => {
    const kek = randomBytes(32);
    const key = new WrappingKey(kek, 'key');
    const other = new WrappingKey(randomBytes(32), 'key');
    const wrapped = key.wrap(randomBytes(32), { a: 'b' });
    const readers = [
      key,
      new WrappingKey(kek, 'key'),
      { unwrap: (bytes: Buffer, aad: Record<string, string>) => unwrapKey(kek, bytes, aad) },
    ];
    expect(codeOf(() => other.unwrap(wrapped, { a: 'b' }))).toBe('wrong-key');
    for (const reader of readers) {
      expect(codeOf(() => reader.unwrap(wrapped, { a: 'c' }))).toBe('tampered');
      for (let at = 0; at < wrapped.length * 8; at += 1) {
        const altered = Buffer.from(wrapped);
        altered[at >> 3] = (altered[at >> 3] ?? 0) ^ (1 << (at & 7));
        expect(codeOf(() => reader.unwrap(altered, { a: 'b' }))).not.toBe('opened');
      }
      for (let size = 0; size < wrapped.length; size += 1) {
        expect(codeOf(() => reader.unwrap(wrapped.subarray(0, size), { a: 'b' }))).not.toBe('opened');
      }
      expect(codeOf(() => reader.unwrap(Buffer.concat([wrapped, Buffer.of(0)]), { a: 'b' }))).toBe('tampered');
      expect(codeOf(() => reader.unwrap(wrapped, { a: 'b' }))).toBe('opened');
    }
  });

  it('unwraps what very many other holders made, remembering few of them', () => {
    const kek = randomBytes(32);
    const reader = new WrappingKey(kek, 'key');
    const made = Array.from({ length: 200 }, (_, index) => {
      const secret = Buffer.from([index]);
      return { secret, wrapped: new WrappingKey(kek, 'key').wrap(secret, {}) };
    });
    for (const { secret, wrapped } of [...made, ...made]) expect(reader.unwrap(wrapped, {}).equals(secret)).toBe(true);
  });

  it('holds no secret in clear, keeps no bytes of its caller, and refuses arguments outside the format', () => {
    const [kek, secret] = [randomBytes(32), randomBytes(32)];
    const given = Buffer.from(kek);
    const key = new WrappingKey(given, 'key');
    given.fill(0);
    const wrapped = key.wrap(secret, {});
    expect(wrapped.includes(secret) || wrapped.includes(kek)).toBe(false);
    expect(unwrapKey(kek, wrapped, {}).equals(secret)).toBe(true);
    expect(() => new WrappingKey(randomBytes(31), 'key')).toThrow(TypeError);
    expect(() => new WrappingKey(kek, '')).toThrow(TypeError);
    expect(() => new WrappingKey(kek, 'k'.repeat(256))).toThrow(TypeError);
    expect(() => key.wrap(Buffer.alloc(0), {})).toThrow(TypeError);
    expect(() => key.wrap(Buffer.alloc(4097), {})).toThrow(TypeError);
  });
});
