import * as fc from 'fast-check';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { AwsChunkedDecoder, type AwsChunkedOptions } from './aws-chunked.ts';
import { SignatureError } from './errors.ts';
import { encodeAwsChunked } from './testkit/chunk-signer.ts';

const KEY = Buffer.alloc(32, 7);
const scope = { date: '20261123', region: 'eu-central-1', service: 's3' };
const amzDate = '20261123T120000Z';
const signing = { key: KEY, seed: 'a'.repeat(64), amzDate, scope: '20261123/eu-central-1/s3/aws4_request' };
const signed = { signingKey: KEY, seedSignature: signing.seed, scope, amzDate };
const CRC = 'x-amz-checksum-crc32';
const trailers: [string, string][] = [[CRC, 'AAAAAA==']];

async function decode(wire: Buffer | Buffer[], options: AwsChunkedOptions) {
  const decoder = new AwsChunkedDecoder(options);
  const out: Buffer[] = [];
  decoder.on('data', (bytes: Buffer) => out.push(bytes));
  await pipeline(Readable.from(Buffer.isBuffer(wire) ? [wire] : wire), decoder);
  return { bytes: Buffer.concat(out), trailers: [...decoder.trailers], decoder };
}
const refused = async (wire: Buffer | Buffer[], options: AwsChunkedOptions): Promise<SignatureError> => {
  const error: unknown = await decode(wire, options).then(
    () => new Error('accepted'),
    (reason: unknown) => reason,
  );
  if (error instanceof SignatureError) return error;
  throw error;
};
const unsignedWire = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'));

describe('decoding', () => {
  it('an empty body', async () => {
    expect((await decode(unsignedWire('0\n\n'), { decodedLength: 0 })).bytes).toHaveLength(0);
  });

  it('one chunk and a trailer', async () => {
    const wire = unsignedWire(`5\nhello\n0\nX-Amz-Checksum-Crc32: NhCmhg==\n\n`);
    const { bytes, trailers } = await decode(wire, { decodedLength: 5, trailerNames: [CRC] });
    expect([bytes.toString(), trailers]).toEqual(['hello', [[CRC, 'NhCmhg==']]]);
  });

  it.each(['0\n', `0\n${CRC}:x\n`])('without the closing empty line: %j', async (end) => {
    const trailerNames = end.includes(CRC) ? [CRC] : [];
    expect((await decode(unsignedWire(`5\nhello\n${end}`), { decodedLength: 5, trailerNames })).bytes.toString()).toBe(
      'hello',
    );
  });

  it('any body in any chunks, whichever way the wire cuts it', async () => {
    const source = fc.record({
      sizes: fc.array(fc.integer({ min: 8192, max: 20_000 }), { maxLength: 4 }),
      last: fc.integer({ min: 0, max: 9000 }),
      cuts: fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 20 }),
      isSigned: fc.boolean(),
      hasTrailer: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(source, async ({ sizes, last, cuts, isSigned, hasTrailer }) => {
        const chunks = [...sizes, last].filter((size) => size > 0).map((size, i) => Buffer.alloc(size, `${i}-\r\n;0`));
        const whole = Buffer.concat(chunks);
        const wire = encodeAwsChunked({
          chunks,
          ...(isSigned ? { signing } : {}),
          ...(hasTrailer ? { trailers } : {}),
        });
        const pieces: Buffer[] = [];
        for (let at = 0, i = 0; at < wire.length; i++) {
          const end = at + (cuts[i % cuts.length] as number);
          pieces.push(wire.subarray(at, end));
          at = end;
        }
        const found = await decode(pieces, {
          decodedLength: whole.length,
          ...(isSigned ? { signed } : {}),
          trailerNames: hasTrailer ? [CRC] : [],
        });
        expect(found.bytes.equals(whole)).toBe(true);
        expect(found.trailers).toEqual(hasTrailer ? trailers : []);
      }),
      { numRuns: 60 },
    );
  });

  it('byte by byte', async () => {
    const wire = encodeAwsChunked({ chunks: [Buffer.from('hello')], signing, trailers });
    const pieces = [...wire].map((byte) => Buffer.from([byte]));
    expect((await decode(pieces, { decodedLength: 5, signed, trailerNames: [CRC] })).bytes.toString()).toBe('hello');
  });

  it('gives out bytes of a chunk before it is complete', () => {
    const decoder = new AwsChunkedDecoder({ decodedLength: 1 << 30, signed });
    decoder.write(Buffer.from(`40000000;chunk-signature=${'0'.repeat(64)}\r\nabc`));
    expect((decoder.read() as Buffer).toString()).toBe('abc');
  });
});

describe('a signed body', () => {
  const chunks = [Buffer.alloc(8192, 'x'), Buffer.from('the end')];
  const decodedLength = 8199;
  const wire = encodeAwsChunked({ chunks, signing, trailers });
  const options = { decodedLength, signed, trailerNames: [CRC] };

  it('is refused after any flipped bit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: wire.length - 1 }), async (at) => {
        const changed = Buffer.from(wire);
        changed[at] = (changed[at] as number) ^ 1;
        expect((await refused(changed, options)).reason).toMatch(/signature-mismatch|payload/);
      }),
      { numRuns: 300 },
    );
  });

  it('is refused when cut short anywhere before its closing line', async () => {
    const lengths = [...Array(400).keys()].map((i) => wire.length - 3 - i).concat([0, 1, 90, 4000]);
    for (const length of lengths) await refused(wire.subarray(0, length), options);
  });

  it('is refused when a chunk is dropped or repeated', async () => {
    const first = wire.indexOf('\n') + 1 + 8192 + 2;
    const cut = (index: number) => (index === 0 ? wire.subarray(0, first) : wire.subarray(first));
    expect(cut(0).subarray(0, 5).toString()).toBe('2000;');
    expect(cut(1).subarray(0, 2).toString()).toBe('7;');
    await refused(cut(1), { ...options, decodedLength: 7 });
    await refused(Buffer.concat([cut(0), cut(0), cut(1)]), { ...options, decodedLength: decodedLength + 8192 });
  });

  it('says which string was signed', async () => {
    const other = encodeAwsChunked({ chunks, signing: { ...signing, key: Buffer.alloc(32) }, trailers });
    const error = await refused(other, options);
    expect(error).toMatchObject({ code: 'SignatureDoesNotMatch', status: 403 });
    expect(error.extras.StringToSign).toContain('AWS4-HMAC-SHA256-PAYLOAD\n20261123T120000Z\n');
  });

  it('needs a signature on every chunk', async () => {
    const bare = encodeAwsChunked({ chunks, trailers });
    expect(await refused(bare, options)).toMatchObject({ code: 'SignatureDoesNotMatch' });
  });

  it('needs one on its trailers', async () => {
    const text = wire.toString('latin1').replace(/x-amz-trailer-signature:.*\r\n/, '');
    expect(await refused(Buffer.from(text, 'latin1'), options)).toMatchObject({ code: 'MalformedTrailerError' });
    const wrong = wire.toString('latin1').replace(/(x-amz-trailer-signature:).*\r\n/, `$1${'0'.repeat(64)}\r\n`);
    const error = await refused(Buffer.from(wrong, 'latin1'), options);
    expect(error).toMatchObject({ code: 'SignatureDoesNotMatch', status: 403 });
    expect(error.extras.StringToSign).toContain('AWS4-HMAC-SHA256-TRAILER');
  });
});

describe('InvalidChunkSizeError', () => {
  it.each([true, false])('for a small chunk that is not the last (signed: %s)', async (isSigned) => {
    const chunks = [Buffer.alloc(9000), Buffer.alloc(8191), Buffer.alloc(1)];
    const wire = encodeAwsChunked({ chunks, ...(isSigned ? { signing } : {}) });
    const error = await refused(wire, { decodedLength: 17_192, ...(isSigned ? { signed } : {}) });
    expect(error).toMatchObject({
      code: 'InvalidChunkSizeError',
      status: 400,
      message: 'Only the last chunk is allowed to have a size less than 8192 bytes',
      extras: { Chunk: '2', BadChunkSize: '8191' },
    });
  });
});

describe('IncompleteBody', () => {
  it.each([
    ['fewer bytes than promised', '5\nhello\n0\n\n', 6],
    ['more bytes than promised', '5\nhello\n0\n\n', 4],
    ['a chunk beyond all numbers', 'fffffffffffffffff\n', 10],
    ['no size', '\nhello\n0\n\n', 5],
    ['a negative size', '-5\nhello\n0\n\n', 5],
    ['a size in other digits', '0x5\nhello\n0\n\n', 5],
    ['no end of line after the data', '5\nhello0\n\n', 5],
    ['data longer than its chunk', '5\nhello!\n0\n\n', 5],
    ['no last chunk', '5\nhello\n', 5],
    ['an end in the middle of a chunk', '5\nhel', 5],
    ['an end in the middle of a size', '5', 5],
    ['nothing at all', '', 0],
    ['something after the end', '0\n\nx', 0],
    ['a line without end', `5;${'x'.repeat(5000)}`, 5],
    ['trailers that were not announced', `0\n${CRC}:x\n\n`, 0],
  ])('%s', async (_, text, decodedLength) => {
    expect(await refused(unsignedWire(text), { decodedLength })).toMatchObject({ code: 'IncompleteBody', status: 400 });
  });

  it('a bare line feed', async () => {
    expect((await refused(Buffer.from('5\nhello\r\n0\r\n\r\n'), { decodedLength: 5 })).code).toBe('IncompleteBody');
  });
});

describe('MalformedTrailerError', () => {
  it.each([
    ['none', '0\n\n'],
    ['another name', '0\nx-amz-checksum-sha1:x\n\n'],
    ['one too many', `0\n${CRC}:x\nx-amz-checksum-sha1:x\n\n`],
    ['twice', `0\n${CRC}:x\n${CRC}:x\n\n`],
    ['no colon', '0\nx-amz-checksum-crc32\n\n'],
    ['no name', '0\n:x\n\n'],
    ['too long', `0\n${CRC}:${'x'.repeat(9000)}\n\n`],
    ['a signature where nothing is signed', `0\n${CRC}:x\nx-amz-trailer-signature:x\n\n`],
  ])('%s', async (_, text) => {
    expect(await refused(unsignedWire(text), { decodedLength: 0, trailerNames: [CRC] })).toMatchObject({
      code: 'MalformedTrailerError',
      status: 400,
      message:
        'The request contained trailing data that was not well-formed or did not conform to our published schema.',
    });
  });

  it('a bare line feed', async () => {
    const wire = Buffer.from(`0\r\n${CRC}:x\n\r\n`);
    expect((await refused(wire, { decodedLength: 0, trailerNames: [CRC] })).code).toBe('MalformedTrailerError');
  });
});
