import { expectation, type FuzzTarget } from '@coffer/fuzz';
import * as fc from 'fast-check';
import { unwrapKey, wrapKey, wrappingKeyId } from '../../src/wrapped-key.ts';
import { WrappingKey } from '../../src/wrapping-key.ts';
import { CONTEXT, KEK, refusal } from './sealed.ts';

const secret = (length: number): Buffer => Buffer.alloc(length, 'a wrapped secret. ');

const structured = fc
  .tuple(fc.integer({ min: 1, max: 4096 }), fc.stringMatching(/^[a-z0-9-]{1,40}$/), fc.boolean())
  .map(([length, id, single]) =>
    single ? wrapKey(KEK, id, secret(length), CONTEXT) : new WrappingKey(KEK, id).wrap(secret(length), CONTEXT),
  );

const holder = new WrappingKey(KEK, 'k');

/** Wrapped keys: nothing but what was wrapped comes out, and only in its own context. */
const target: FuzzTarget = {
  name: 'wrapped-key',
  corpus: new URL('corpus/wrapped-key/', import.meta.url),
  parsers: [
    'libs/sealed-stream/src/wrapped-key.ts',
    'libs/sealed-stream/src/wrapping-key.ts',
    'libs/sealed-stream/src/encoding.ts',
  ],
  tokens: ['\u0001', '\u0002', '\u0003', '\u0000', '\u0001\u0003k-1', '\u0002\u0003k-1'],
  structured,
  mustSee: ['unwrapped', 'tampered', 'wrong-key', 'bad-format', 'unsupported-version'],
  run(wrapped) {
    let id = '';
    try {
      id = wrappingKeyId(wrapped);
      const plain = unwrapKey(KEK, wrapped, CONTEXT);
      expectation(plain.equals(secret(plain.length)), 'only what was wrapped comes out');
      expectation(plain.equals(holder.unwrap(wrapped, CONTEXT)), 'whoever holds the key reads the same');
    } catch (error) {
      return refusal(error, secret(16));
    }
    expectation(Buffer.byteLength(id) <= 255, 'the id of the wrapping key is bounded');
    let other = 'opened';
    try {
      unwrapKey(KEK, wrapped, { ...CONTEXT, account: '444455556666' });
    } catch (error) {
      other = refusal(error, secret(16));
    }
    expectation(other === 'tampered', 'nothing comes out in another context');
    return 'unwrapped';
  },
};
export default target;
