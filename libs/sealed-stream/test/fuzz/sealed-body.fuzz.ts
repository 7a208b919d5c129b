import { expectation, type FuzzTarget } from '@coffer/fuzz';
import * as fc from 'fast-check';
import { HEADER_SIZE, plainSize, sealedSize } from '../../src/format.ts';
import { planRange } from '../../src/range.ts';
import { openChunks } from '../../src/testkit/streams.ts';
import { open, seal } from '../../src/whole.ts';
import { IDENTITY, KEY, refusal } from './sealed.ts';

/** The only content that the corpus seals: a text that repeats. */
export const content = (length: number): Buffer => Buffer.alloc(length, 'what is sealed here. ');

interface Opened {
  readonly outcome: string;
  readonly plain: Buffer;
}

function openWhole(sealed: Buffer): Opened {
  try {
    return { outcome: 'opened', plain: open(KEY, IDENTITY, sealed) };
  } catch (error) {
    return { outcome: refusal(error, content(64)), plain: Buffer.alloc(0) };
  }
}

function openStreamed(sealed: Buffer): Opened {
  const half = Math.floor(sealed.length / 2);
  const pieces = [
    sealed.subarray(0, 1),
    sealed.subarray(1, 61),
    sealed.subarray(61, half),
    sealed.subarray(Math.max(61, half)),
  ];
  try {
    return { outcome: 'opened', plain: openChunks(pieces, {}, KEY, IDENTITY) };
  } catch (error) {
    return { outcome: refusal(error, content(64)), plain: Buffer.alloc(0) };
  }
}

/** A part of what opens whole opens by itself, from the segments that the plan names. */
function openRange(sealed: Buffer, plain: Buffer): void {
  if (plain.length < 2) return;
  const [start, end] = [Math.floor(plain.length / 3), plain.length - 1];
  const range = planRange(plain.length, start, end);
  const header = sealed.subarray(0, HEADER_SIZE);
  const part = openChunks([sealed.subarray(range.sealedStart, range.sealedEnd + 1)], { range, header }, KEY, IDENTITY);
  expectation(part.equals(plain.subarray(start, end + 1)), 'a range is a part of the whole');
}

const structured = fc.nat(70_000).map((length) => seal(KEY, IDENTITY, content(length)));

/** Sealed bodies: nothing but what was sealed opens, whole and as a stream with the same answer. */
const target: FuzzTarget = {
  name: 'sealed-body',
  corpus: new URL('corpus/sealed-body/', import.meta.url),
  most: 140 * 1024,
  parsers: ['libs/sealed-stream/src'],
  tokens: ['CFSB', 'CFSB\u0001', 'CFSB\u0002', '\0\0\0\0'],
  structured,
  mustSee: ['opened', 'truncated', 'tampered', 'wrong-key', 'bad-format', 'unsupported-version'],
  run(sealed) {
    const whole = openWhole(sealed);
    const streamed = openStreamed(sealed);
    expectation(whole.outcome === streamed.outcome, `whole: ${whole.outcome}, as a stream: ${streamed.outcome}`);
    if (whole.outcome !== 'opened') return whole.outcome;
    expectation(whole.plain.equals(content(whole.plain.length)), 'only what was sealed opens');
    expectation(streamed.plain.equals(whole.plain), 'the same as a stream');
    expectation(plainSize(sealed.length) === whole.plain.length, 'the size is known from outside');
    expectation(sealedSize(whole.plain.length) === sealed.length, 'and the other way round');
    openRange(sealed, whole.plain);
    return 'opened';
  },
};
export default target;
