import * as fc from 'fast-check';

/** Longest input of any target, in bytes. */
export const MAX_INPUT = 256 * 1024;

/** Pieces that trouble readers of any kind. */
const COMMON = [
  '\0',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '%',
  '%00',
  '%ff',
  '%2e%2e%2f',
  '../',
  '__proto__',
  'constructor',
  'toString',
  '-1',
  '0',
  '9007199254740993',
  '18446744073709551616',
  '1e309',
  '0x7fffffff',
  'NaN',
  'null',
  'true',
  '{}',
  '[]',
  '\u00e9',
  'e\u0301',
  '\u{1f4a9}',
  '\u202e',
  '\ufeff',
].map((text) => Buffer.from(text));

/** Bytes that are no UTF-8: a lone continuation, an overlong slash, half of a character, a surrogate, bytes never used. */
const BROKEN = ['80', 'c0af', 'e282', 'eda080', 'f4908080', 'ff', 'fe'].map((hex) => Buffer.from(hex, 'hex'));

type Change = (bytes: Buffer, others: readonly Buffer[], most: number) => Buffer;

const place = fc.nat(0xffffff);
const within = (at: number, length: number): number => (length === 0 ? 0 : at % (length + 1));
const replace = (bytes: Buffer, from: number, to: number, by: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)]);

const flip = fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(([at, mask]): Change => (bytes) => {
  const changed = Buffer.from(bytes);
  if (changed.length > 0) changed[at % changed.length]! ^= mask;
  return changed;
});

const cut = fc.tuple(place, fc.nat(64)).map(([at, length]): Change => (bytes) => {
  const from = within(at, bytes.length);
  return replace(bytes, from, from + length, Buffer.alloc(0));
});

const truncate = place.map(
  (at): Change =>
    (bytes) =>
      bytes.subarray(0, within(at, bytes.length)),
);

/** A part of the input again, up to thousands of times: floods of the same, and deep nesting where it opens something. */
const repeat = fc
  .tuple(place, fc.integer({ min: 1, max: 40 }), fc.oneof(fc.nat(8), fc.nat(300), fc.nat(20_000)))
  .map(([at, length, times]): Change => (bytes, _others, most) => {
    const from = within(at, bytes.length);
    const part = bytes.subarray(from, from + length);
    const room = Math.max(0, Math.floor((most - bytes.length) / Math.max(1, part.length)));
    return replace(bytes, from, from, Buffer.concat(Array.from({ length: Math.min(times, room) }, () => part)));
  });

/** The beginning of one input and the end of another. */
const splice = fc.tuple(place, place, fc.nat(0xffff)).map(([at, from, pick]): Change => (bytes, others) => {
  const other = others[pick % others.length] ?? bytes;
  return Buffer.concat([bytes.subarray(0, within(at, bytes.length)), other.subarray(within(from, other.length))]);
});

/** Another number where a number stands. */
const renumber = fc
  .tuple(
    place,
    fc.oneof(
      fc.constantFrom('0', '-1', '00', '1.5', '4294967296', '9007199254740993', '9'.repeat(400), '1e99', 'ffffffff'),
      fc.nat().map(String),
    ),
  )
  .map(([pick, number]): Change => (bytes) => {
    const found = [...bytes.toString('latin1').matchAll(/\d+/g)];
    const at = found[pick % Math.max(1, found.length)];
    return at ? replace(bytes, at.index, at.index + at[0].length, Buffer.from(number)) : bytes;
  });

function insertions(tokens: readonly string[]): fc.Arbitrary<Change> {
  const known = [...COMMON, ...BROKEN, ...tokens.map((token) => Buffer.from(token))];
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...known) },
    { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 8 }).map((bytes) => Buffer.from(bytes)) },
  );
  return fc.tuple(place, piece, fc.boolean()).map(([at, by, over]): Change => (bytes) => {
    const from = within(at, bytes.length);
    return replace(bytes, from, over ? from + by.length : from, by);
  });
}

/** Inputs near those of a corpus: one of them, changed up to six times, and at most `most` bytes long. */
export function mutated(corpus: readonly Buffer[], tokens: readonly string[], most: number): fc.Arbitrary<Buffer> {
  const change = fc.oneof(
    { weight: 3, arbitrary: flip },
    { weight: 5, arbitrary: insertions(tokens) },
    { weight: 2, arbitrary: cut },
    { weight: 1, arbitrary: truncate },
    { weight: 2, arbitrary: splice },
    { weight: 2, arbitrary: renumber },
    { weight: 1, arbitrary: repeat },
  );
  return fc
    .tuple(fc.nat(corpus.length - 1), fc.array(change, { maxLength: 6 }))
    .map(([index, changes]) =>
      changes.reduce((bytes, apply) => apply(bytes, corpus, most).subarray(0, most), corpus[index]!),
    );
}
