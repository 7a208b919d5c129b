import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expectation, inPieces, type FuzzTarget } from '@coffer/fuzz';
import * as fc from 'fast-check';
import { AwsChunkedDecoder, type AwsChunkedOptions } from '../../src/aws-chunked.ts';
import { encodeAwsChunked } from '../../src/testkit/chunk-signer.ts';
import { refusal } from './claim.ts';

const CRC = 'x-amz-checksum-crc32';
const KEY = Buffer.alloc(32, 7);
const scope = { date: '20261123', region: 'eu-central-1', service: 's3' };
const amzDate = '20261123T120000Z';
const seed = 'a'.repeat(64);
const signed = { signingKey: KEY, seedSignature: seed, scope, amzDate };

/** What the headers said: the first line of an input is `signed|unsigned <decoded length> [trailer]`. */
function headLine(input: Buffer): { options: AwsChunkedOptions; wire: Buffer } {
  const end = input.indexOf(0x0a);
  const [kind, length = '', trailer] = input.subarray(0, Math.max(0, end)).toString('latin1').split(' ');
  const options = {
    decodedLength: /^\d{1,15}$/.test(length) ? Number(length) : 0,
    ...(kind === 'signed' ? { signed } : {}),
    trailerNames: trailer === undefined ? [] : [CRC],
  };
  return { options, wire: input.subarray(end + 1) };
}

interface Decoded {
  readonly outcome: string;
  readonly bytes: Buffer;
}

async function decode(pieces: Buffer[], options: AwsChunkedOptions): Promise<Decoded> {
  const decoder = new AwsChunkedDecoder(options);
  const out: Buffer[] = [];
  decoder.on('data', (bytes: Buffer) => out.push(bytes));
  try {
    await pipeline(Readable.from(pieces), decoder);
  } catch (error) {
    return { outcome: refusal(error), bytes: Buffer.alloc(0) };
  }
  if (options.trailerNames?.length === 1) expectation(decoder.trailers.has(CRC), 'an announced trailer was there');
  return { outcome: 'decoded', bytes: Buffer.concat(out) };
}

const structured = fc
  .record({
    sizes: fc.array(fc.integer({ min: 8192, max: 9000 }), { maxLength: 2 }),
    last: fc.integer({ min: 0, max: 300 }),
    isSigned: fc.boolean(),
    hasTrailer: fc.boolean(),
  })
  .map(({ sizes, last, isSigned, hasTrailer }) => {
    const chunks = [...sizes, last]
      .filter((size) => size > 0)
      .map((size, index) => Buffer.alloc(size, `${index}\r\n0;`));
    const wire = encodeAwsChunked({
      chunks,
      ...(isSigned ? { signing: { key: KEY, seed, amzDate, scope: '20261123/eu-central-1/s3/aws4_request' } } : {}),
      ...(hasTrailer ? { trailers: [[CRC, 'AAAAAA==']] } : {}),
    });
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const head = `${isSigned ? 'signed' : 'unsigned'} ${length}${hasTrailer ? ' trailer' : ''}\n`;
    return Buffer.concat([Buffer.from(head), wire]);
  });

/** Bodies in chunks, signed and not: they decode to what was announced, or are refused, however the wire cuts them. */
const target: FuzzTarget = {
  name: 'aws-chunked',
  corpus: new URL('corpus/aws-chunked/', import.meta.url),
  most: 64 * 1024,
  parsers: ['libs/sigv4/src/aws-chunked.ts', 'libs/sigv4/src/chunk-signature.ts', 'libs/sigv4/src/trailer.ts'],
  tokens: [
    '0\r\n',
    '\r\n',
    '5\r\nhello\r\n',
    ';chunk-signature=',
    `${CRC}:AAAAAA==\r\n`,
    'x-amz-trailer-signature:',
    'f',
    '2000',
  ],
  structured,
  mustSee: ['decoded', 'IncompleteBody', 'SignatureDoesNotMatch', 'InvalidChunkSizeError', 'MalformedTrailerError'],
  async run(input) {
    const { options, wire } = headLine(input);
    const whole = await decode([wire], options);
    const pieces = await decode(inPieces(wire, 2_000), options);
    expectation(whole.outcome === pieces.outcome, `whole: ${whole.outcome}, in pieces: ${pieces.outcome}`);
    expectation(whole.bytes.equals(pieces.bytes), 'the same bytes whole and in pieces');
    if (whole.outcome === 'decoded') expectation(whole.bytes.length === options.decodedLength, 'as long as announced');
    return whole.outcome;
  },
};
export default target;
