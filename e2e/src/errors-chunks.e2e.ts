import { crc32 } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { bytes } from './harness/data.ts';
import { bucketWithK, expectAbsent, said } from './harness/errors.ts';
import { call, ChunkSigner, signed } from './harness/sign.ts';
import { present } from './harness/stack.ts';
import type { Sending } from './harness/wire.ts';
import { send } from './harness/wire.ts';

describe.runIf(present)('errors of chunks', () => {
  let bucket: string;
  beforeAll(async () => void (bucket = await bucketWithK()));
  const absent = (key: string) => expectAbsent(bucket, key);

  const start = async (
    key: string,
    decoded: number | undefined,
    kind = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    extra: Record<string, string> = {},
  ) => {
    const request = await signed({
      method: 'PUT',
      path: `/${bucket}/${key}`,
      contentSha256: kind,
      headers: {
        'content-encoding': 'aws-chunked',
        ...(decoded !== undefined && { 'x-amz-decoded-content-length': String(decoded) }),
        ...extra,
      },
    });
    return { request, signer: new ChunkSigner(request.headers) };
  };
  const finish = (request: Sending, ...parts: Buffer[]) => {
    const body = Buffer.concat(parts);
    return send({ ...request, body, headers: { ...request.headers, 'content-length': String(body.length) } });
  };
  const one = bytes(8_192);
  const two = bytes(70_000);
  const last = bytes(5);
  const total = one.length + two.length + last.length;

  it('signed ones arrive, whatever their sizes', async () => {
    const { request, signer } = await start('chunks', total);
    const answer = await finish(
      request,
      signer.chunk(one),
      signer.chunk(two),
      signer.chunk(last),
      signer.chunk(Buffer.alloc(0)),
    );
    expect(answer.status, answer.text).toBe(200);
    const got = await call({ path: `/${bucket}/chunks` });
    expect(got.body.equals(Buffer.concat([one, two, last]))).toBe(true);
    expect(got.headers['content-encoding']).toBeUndefined();
  });

  it('one with a wrong signature leaves nothing', async () => {
    for (const wrong of [0, 1, 2]) {
      const { request, signer } = await start('bad-chunk', one.length + two.length);
      const signature = { signature: '0'.repeat(64) };
      const answer = await finish(
        request,
        signer.chunk(one, wrong === 0 ? signature : {}),
        signer.chunk(two, wrong === 1 ? signature : {}),
        signer.chunk(Buffer.alloc(0), wrong === 2 ? signature : {}),
      );
      expect(said(answer), `chunk ${wrong}`).toBe('403 SignatureDoesNotMatch');
      await absent('bad-chunk');
    }
  });

  it('in another order are refused', async () => {
    const { request, signer } = await start('order', one.length + two.length);
    const [a, b, c] = [signer.chunk(one), signer.chunk(two), signer.chunk(Buffer.alloc(0))];
    expect(said(await finish(request, b!, a!, c!))).toBe('403 SignatureDoesNotMatch');
    await absent('order');
  });

  it('a small one before the last', async () => {
    const { request, signer } = await start('small', 100 + one.length);
    const answer = await finish(request, signer.chunk(bytes(100)), signer.chunk(one), signer.chunk(Buffer.alloc(0)));
    expect(said(answer)).toBe('400 InvalidChunkSizeError');
    expect(answer.error).toMatchObject({ Chunk: expect.any(String), BadChunkSize: '100' });
    await absent('small');
  });

  it('without the decoded length', async () => {
    const { request, signer } = await start('undeclared', undefined);
    expect(said(await finish(request, signer.chunk(one), signer.chunk(Buffer.alloc(0))))).toBe(
      '411 MissingContentLength',
    );
    await absent('undeclared');
  });

  it.each([-1, 1])('with a decoded length that is off by %i', async (off) => {
    const { request, signer } = await start('off', one.length + off);
    expect(said(await finish(request, signer.chunk(one), signer.chunk(Buffer.alloc(0))))).toBe('400 IncompleteBody');
    await absent('off');
  });

  it('without the last one', async () => {
    const { request, signer } = await start('endless', one.length);
    expect(said(await finish(request, signer.chunk(one)))).toBe('400 IncompleteBody');
    await absent('endless');
  });

  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(Buffer.concat([one, last])));
  const value = crc.toString('base64');

  it('with a signed trailer', async () => {
    const announced = { 'x-amz-trailer': 'x-amz-checksum-crc32' };
    const kind = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER';
    for (const [key, sent, signature, expected] of [
      ['trailer-right', value, undefined, '200 undefined'],
      ['trailer-wrong', 'AAAAAA==', undefined, '400 BadDigest'],
      ['trailer-forged', value, '0'.repeat(64), '403 SignatureDoesNotMatch'],
    ] as const) {
      const { request, signer } = await start(key, one.length + last.length, kind, announced);
      const answer = await finish(
        request,
        signer.chunk(one),
        signer.chunk(last),
        signer.chunk(Buffer.alloc(0), { open: true }),
        signer.trailer('x-amz-checksum-crc32', sent, signature ? { signature } : {}),
      );
      expect(said(answer), key).toBe(expected);
      if (answer.status !== 200) await absent(key);
      else expect(answer.headers['x-amz-checksum-crc32']).toBe(value);
    }
  });

  describe('unsigned, with a trailer', () => {
    const frame = (data: Buffer) =>
      Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), data, Buffer.from('\r\n')]);
    const unsigned = async (key: string, trailer: string, announced = 'x-amz-checksum-crc32') => {
      const { request } = await start(key, one.length + last.length, 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', {
        'x-amz-trailer': announced,
      });
      return await finish(request, frame(one), frame(last), Buffer.from(`0\r\n${trailer}\r\n`));
    };

    it('arrive', async () => {
      const answer = await unsigned('unsigned', `x-amz-checksum-crc32:${value}\r\n`);
      expect(answer.status, answer.text).toBe(200);
      expect((await call({ path: `/${bucket}/unsigned` })).body.equals(Buffer.concat([one, last]))).toBe(true);
    });

    it.each([
      ['a wrong value', 'x-amz-checksum-crc32:AAAAAA==\r\n', 'x-amz-checksum-crc32', '400 BadDigest'],
      ['another name', `x-amz-checksum-crc32c:${value}\r\n`, 'x-amz-checksum-crc32', '400 MalformedTrailerError'],
      ['none', '', 'x-amz-checksum-crc32', '400 MalformedTrailerError'],
      ['one without a colon', 'nonsense\r\n', 'x-amz-checksum-crc32', '400 MalformedTrailerError'],
      ['what is no checksum', 'x-amz-meta-a:b\r\n', 'x-amz-meta-a', '400 InvalidRequest'],
    ])('%s', async (_, trailer, announced, expected) => {
      const answer = await unsigned('unsigned-bad', trailer, announced);
      expect(said(answer)).toBe(expected);
      await absent('unsigned-bad');
    });

    it('framing that is broken', async () => {
      const { request } = await start('frame', one.length, 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', {
        'x-amz-trailer': 'x-amz-checksum-crc32',
      });
      const answer = await finish(request, Buffer.from('xyz\r\n'), one);
      expect(said(answer)).toBe('400 IncompleteBody');
      await absent('frame');
    });
  });
});
