import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { AwsChunkedDecoder } from './aws-chunked.ts';
import type { SigV4Auth } from './parsed-auth.ts';
import { deriveSigningKey } from './signing-key.ts';
import { authenticate, refusal } from './testkit/authenticate.ts';
import { readVectors, type VectorFile } from './testkit/vectors.ts';
import { checkStreamingHeaders } from './trailer.ts';

interface Examples extends VectorFile {
  chunks: { signatures: string[]; trailerSignatures: string[]; trailer: string[] };
}
const examples = readVectors<Examples>('s3-examples.json');
const options = { now: new Date('2013-05-24T00:00:00Z'), regions: ['us-east-1'], services: ['s3'] };
const verify = (name: string) => {
  const vector = examples.cases.find((one) => one.name === name);
  if (!vector) throw new Error(name);
  return { vector, parsed: authenticate(vector, examples.secretAccessKey, options) as SigV4Auth };
};

describe("the examples of S3's documentation", () => {
  it.each(examples.cases)('$name', (vector) => {
    expect(authenticate(vector, examples.secretAccessKey, options)).toMatchObject({
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      scope: { date: '20130524', region: 'us-east-1', service: 's3' },
    });
    const otherKey = { ...vector, target: vector.target.replace('/', '/x') };
    expect(refusal(() => authenticate(otherKey, examples.secretAccessKey, options)).code).toBe('SignatureDoesNotMatch');
  });

  const bodyOf = (signatures: string[], end: string) =>
    Buffer.concat([
      Buffer.from(`10000;chunk-signature=${signatures[0]}\r\n`),
      Buffer.alloc(65536, 'a'),
      Buffer.from(`\r\n400;chunk-signature=${signatures[1]}\r\n`),
      Buffer.alloc(1024, 'a'),
      Buffer.from(`\r\n0;chunk-signature=${signatures[2]}\r\n${end}`),
    ]);
  const decode = async (name: string, body: Buffer) => {
    const { vector, parsed } = verify(name);
    if (parsed.payload.kind !== 'streaming') throw new Error('not streaming');
    const { date, region, service } = parsed.scope;
    const decoder = new AwsChunkedDecoder({
      ...checkStreamingHeaders(vector.headers, parsed.payload),
      signed: {
        signingKey: deriveSigningKey(examples.secretAccessKey, date, region, service),
        seedSignature: parsed.signature,
        scope: parsed.scope,
        amzDate: parsed.amzDate,
      },
    });
    const bytes = await buffer(Readable.from([body]).pipe(decoder));
    return { bytes, trailers: decoder.trailers };
  };

  it('a body of 65 KiB in chunks of 64 KiB', async () => {
    const { bytes } = await decode('PUT Object in signed chunks', bodyOf(examples.chunks.signatures, '\r\n'));
    expect(bytes.equals(Buffer.alloc(66560, 'a'))).toBe(true);
  });

  it('the same with a trailer', async () => {
    const body = bodyOf(examples.chunks.trailerSignatures, `${examples.chunks.trailer.join('\r\n')}\r\n\r\n`);
    expect(body.length).toBeGreaterThan(66560);
    const { bytes, trailers } = await decode('PUT Object in signed chunks with a trailer', body);
    expect(bytes.equals(Buffer.alloc(66560, 'a'))).toBe(true);
    expect([...trailers]).toEqual([['x-amz-checksum-crc32c', 'sOO8/Q==']]);
  });

  it.each([0, 1, 2])('refuses when the signature of chunk %i is another', async (index) => {
    const signatures = examples.chunks.signatures.map((one, i) => (i === index ? one.replace(/.$/, 'f') : one));
    expect(signatures).not.toEqual(examples.chunks.signatures);
    await expect(decode('PUT Object in signed chunks', bodyOf(signatures, '\r\n'))).rejects.toMatchObject({
      code: 'SignatureDoesNotMatch',
      status: 403,
    });
  });
});
