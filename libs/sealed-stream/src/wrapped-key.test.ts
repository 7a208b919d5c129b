import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unwrapKey, wrapKey, wrappingKeyId } from './index.ts';
import { keys } from './testkit/arbitraries.ts';
import { codeOf, contexts, ids } from './testkit/wrapped.ts';

describe('wrapped keys', () => {
  it('unwrap under the same key and context, in any order of names', () => {
    fc.assert(
      fc.property(keys, ids, fc.uint8Array({ minLength: 1, maxLength: 100 }), contexts, (kek, id, secret, context) => {
        const wrapped = wrapKey(kek, id, secret, context);
        const reversed = Object.fromEntries(Object.entries(context).toReversed());
        expect(wrappingKeyId(wrapped)).toBe(id);
        expect(unwrapKey(kek, wrapped, reversed).equals(secret)).toBe(true);
      }),
    );
  });

  it('do not unwrap under another key or context', () => {
    fc.assert(
      fc.property(keys, keys, contexts, contexts, (kek, other, context, otherContext) => {
        const wrapped = wrapKey(kek, 'key', Buffer.from('secret'), context);
        fc.pre(!kek.equals(other) && JSON.stringify(context) !== JSON.stringify(otherContext));
        expect(codeOf(() => unwrapKey(other, wrapped, context))).toBe('wrong-key');
        const same =
          Object.keys(context).length === Object.keys(otherContext).length &&
          Object.entries(context).every(([name, value]) => otherContext[name] === value);
        expect(codeOf(() => unwrapKey(kek, wrapped, otherContext))).toBe(same ? 'opened' : 'tampered');
      }),
    );
    const wrapped = wrapKey(randomBytes(32), 'key', Buffer.from('secret'), { ab: 'c' });
    expect(codeOf(() => unwrapKey(randomBytes(32), wrapped, { ab: 'c' }))).toBe('wrong-key');
  });

  it('tell names from values in the context', () => {
    const kek = randomBytes(32);
    const wrapped = wrapKey(kek, 'key', Buffer.from('secret'), { ab: 'c' });
    for (const context of [{ a: 'bc' }, { abc: '' }, { ab: 'c', '': '' }, {}]) {
      expect(codeOf(() => unwrapKey(kek, wrapped, context as Record<string, string>))).toBe('tampered');
    }
  });

  it('do not unwrap after any bit flip, truncation or addition', () => {
    const kek = randomBytes(32);
    const wrapped = wrapKey(kek, 'key', randomBytes(32), { a: 'b' });
    for (let at = 0; at < wrapped.length * 8; at += 1) {
      const altered = Buffer.from(wrapped);
      altered[at >> 3] = (altered[at >> 3] ?? 0) ^ (1 << (at & 7));
      expect(codeOf(() => unwrapKey(kek, altered, { a: 'b' }))).not.toBe('opened');
    }
    for (let size = 0; size < wrapped.length; size += 1) {
      expect(codeOf(() => unwrapKey(kek, wrapped.subarray(0, size), { a: 'b' }))).not.toBe('opened');
    }
    expect(codeOf(() => unwrapKey(kek, Buffer.concat([wrapped, Buffer.of(0)]), { a: 'b' }))).toBe('tampered');
  });

  it('hold no secret in clear, and name newer versions', () => {
    const [kek, secret] = [randomBytes(32), randomBytes(32)];
    const wrapped = wrapKey(kek, 'key', secret, {});
    expect(wrapped.includes(secret) || wrapped.includes(kek)).toBe(false);
    for (const version of [0, 3, 255]) {
      wrapped[0] = version;
      expect(codeOf(() => wrappingKeyId(wrapped))).toBe('unsupported-version');
    }
    // Nor is it one of another version that is known.
    wrapped[0] = 2;
    expect(codeOf(() => unwrapKey(kek, wrapped, {}))).not.toBe('opened');
    expect(codeOf(() => wrappingKeyId(Buffer.alloc(0)))).toBe('bad-format');
  });

  it('refuse arguments outside the format', () => {
    const kek = randomBytes(32);
    expect(() => wrapKey(randomBytes(31), 'key', kek, {})).toThrow(TypeError);
    expect(() => wrapKey(kek, '', kek, {})).toThrow(TypeError);
    expect(() => wrapKey(kek, 'k'.repeat(256), kek, {})).toThrow(TypeError);
    expect(() => wrapKey(kek, 'key', Buffer.alloc(0), {})).toThrow(TypeError);
    expect(() => wrapKey(kek, 'key', Buffer.alloc(4097), {})).toThrow(TypeError);
  });
});
