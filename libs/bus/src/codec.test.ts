import { Fault, isFault } from '@coffer/contracts';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import {
  copyFault,
  decode,
  decodeEnvelopes,
  decodeOutcomes,
  encode,
  encodeEnvelopes,
  encodeOutcomes,
} from './codec.ts';

describe('codec', () => {
  it('keeps bytes, dates, numbers and null; drops undefined', () => {
    const value = {
      bytes: Buffer.from([1, 2, 255]),
      at: new Date(1_700_000_000_123),
      large: Number.MAX_SAFE_INTEGER,
      negative: -(2 ** 40),
      nothing: null,
      gone: undefined,
      list: ['ü', true],
    };
    const { gone: _gone, ...kept } = value;
    const back = decode(encode(value));
    expect(back).toStrictEqual(kept);
    expect(Object.keys(back as object)).not.toContain('gone');
  });

  it('hands out bytes that are not a window on the whole message', () => {
    const message = encode({ small: Buffer.from([7]), large: Buffer.alloc(10_000) });
    const { small } = decode(message) as { small: Buffer };
    message.fill(0);
    expect([...small]).toEqual([7]);
    expect(small.buffer.byteLength).toBeLessThan(10_000);
  });

  it('never sets a prototype, whoever wrote the bytes', () => {
    const hostile = Buffer.concat([Buffer.from([0x81, 0xa9]), Buffer.from('__proto__'), encode({ admin: true })]);
    const back = decode(hostile) as { admin?: boolean };
    expect(back.admin).toBeUndefined();
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    const records = new Packr({ useRecords: true }).pack({ ['__proto__x']: 1 });
    expect(() => decode(records)).toThrow('of a type');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('reads 64 levels and refuses one more', () => {
    const nested = (levels: number): Buffer => Buffer.concat([Buffer.alloc(levels, 0x91), encode(1)]);
    expect(encode(decode(nested(64)))).toEqual(nested(64));
    expect(() => decode(nested(65))).toThrow('nested more than 64 deep');
    expect(() => decode(nested(4_000))).toThrow('nested more than 64 deep');
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['half a message', encode(['abc', { def: 1 }]).subarray(0, 5)],
    ['deep nesting', Buffer.alloc(200_000, 0x91)],
    ['another shape', encode({ a: 1 })],
    ['an envelope without its names', encode([[{}, 5, '']])],
  ])('refuses to read %s as envelopes', (_what, bytes) => {
    expect(() => decodeEnvelopes(bytes)).toThrow();
  });

  it('carries envelopes', () => {
    const envelopes = [
      { message: { a: 1 }, timeoutMs: 50, must: ['a'], traceparent: '00-x' },
      { message: 'b', timeoutMs: 1.5, must: [] },
    ];
    expect(decodeEnvelopes(encodeEnvelopes(envelopes))).toStrictEqual(envelopes);
  });

  it('refuses replies in the wrong number or shape', () => {
    const one = encodeOutcomes([{ reply: 1 }]);
    expect(decodeOutcomes(one, 1)).toEqual([{ reply: 1 }]);
    for (const [bytes, count] of [
      [one, 2],
      [Buffer.alloc(0), 1],
      [encode('x'), 1],
    ] as const) {
      expect(() => decodeOutcomes(bytes, count)).toThrow(Fault);
    }
    const [outcome] = decodeOutcomes(encode([[1, { code: 5 }]]), 1);
    expect(isFault((outcome as { fault: Fault }).fault, 'Internal')).toBe(true);
  });

  it('copies a fault so that nothing is shared', () => {
    const data = { list: [1] };
    const copy = copyFault(new Fault('X', 'message', { status: 409, data }));
    data.list.push(2);
    expect(copy).toMatchObject({ code: 'X', message: 'message', status: 409, data: { list: [1] }, extras: {} });
  });
});
