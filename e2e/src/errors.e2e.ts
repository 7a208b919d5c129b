import {
  CreateMultipartUploadCommand,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { newBucket } from './harness/buckets.ts';
import { aws } from './harness/cli.ts';
import { rootKeys, s3 } from './harness/clients.ts';
import { bytes, MiB, sha256 } from './harness/data.ts';
import type { Signing } from './harness/sign.ts';
import { call, ChunkSigner, signed } from './harness/sign.ts';
import { present, stack } from './harness/stack.ts';
import type { Sending, Wire } from './harness/wire.ts';
import { raw, send } from './harness/wire.ts';

const client = present ? s3() : (undefined as never);
const said = ({ status, error }: Wire) => `${status} ${error['Code']}`;

/** A request as bytes, for what Node's client would not send. */
function asBytes({ method, target, headers, body }: Sending): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${String(body ?? '')}`;
}

describe.runIf(present)('errors as AWS words them', () => {
  let bucket: string;
  beforeAll(async () => {
    bucket = await newBucket({ purpose: 'err' });
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x' }));
  });
  const absent = async (key: string) => {
    expect((await call({ method: 'HEAD', path: `/${bucket}/${key}` })).status, `${key} must not exist`).toBe(404);
    const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }));
    expect(Versions).toBeUndefined();
  };

  describe('of the signature in the header', () => {
    const changed = async (name: string, value: string | undefined, signing: Partial<Signing> = {}) => {
      const request = await signed({ path: `/${bucket}/k`, ...signing });
      const headers = Object.fromEntries(Object.entries(request.headers).filter(([key]) => key !== name));
      return await send({ ...request, headers: value === undefined ? headers : { ...headers, [name]: value } });
    };
    const authorization = async (edit: (text: string) => string) => {
      const request = await signed({ path: `/${bucket}/k` });
      return await send({
        ...request,
        headers: { ...request.headers, authorization: edit(String(request.headers['authorization'])) },
      });
    };

    it('no date', async () => {
      const answer = await changed('x-amz-date', undefined);
      expect(said(answer)).toBe('403 AccessDenied');
      expect(answer.error['Message']).toBe('AWS authentication requires a valid Date or x-amz-date header');
    });

    it.each([-16, 16])('a clock that is off by %i minutes', async (minutes) => {
      const answer = await call({ path: `/${bucket}/k`, date: new Date(Date.now() + minutes * 60_000) });
      expect(said(answer)).toBe('403 RequestTimeTooSkewed');
      expect(answer.error).toMatchObject({
        Message: 'The difference between the request time and the current time is too large.',
        RequestTime: expect.stringMatching(/^\d{8}T\d{6}Z$|^\d{4}-\d\d-\d\dT/),
        ServerTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        MaxAllowedSkewMilliseconds: '900000',
      });
    });

    it('a clock that is off by 14 minutes is allowed', async () => {
      expect((await call({ path: `/${bucket}/k`, date: new Date(Date.now() - 14 * 60_000) })).status).toBe(200);
    });

    it.each<[string, (text: string) => string]>([
      ['no Credential', (text) => text.replace(/Credential=[^,]+, ?/, '')],
      ['no SignedHeaders', (text) => text.replace(/SignedHeaders=[^,]+, ?/, '')],
      ['no Signature', (text) => text.replace(/, ?Signature=.*/, '')],
      ['a short credential', (text) => text.replace('/s3/aws4_request', '')],
      ['another terminal', (text) => text.replace('aws4_request', 'aws3_request')],
      ['another date', (text) => text.replace(/\/\d{8}\//, '/20200101/')],
      ['junk', () => 'AWS4-HMAC-SHA256 junk'],
    ])('%s', async (_, edit) => {
      const answer = await authorization(edit);
      expect(said(answer)).toBe('400 AuthorizationHeaderMalformed');
      expect(answer.error['Message']).toMatch(/^The authorization header is malformed; /);
    });

    it('another service', async () => {
      expect(said(await call({ path: `/${bucket}/k`, service: 'ec2' }))).toBe('400 AuthorizationHeaderMalformed');
    });

    it('a wrong region names the right one', async () => {
      const answer = await call({ path: `/${bucket}/k`, region: 'mars-north-1' });
      expect(said(answer)).toBe('400 AuthorizationHeaderMalformed');
      expect(answer.error['Message']).toBe(
        `The authorization header is malformed; the region 'mars-north-1' is wrong; expecting '${stack().region}'`,
      );
      expect(answer.error['Region']).toBe(stack().region);
    });

    it.each(['nonsense', 'Bearer abc.def', 'Basic dXNlcjpwYXNz'])('the scheme %j', async (value) => {
      const answer = await changed('authorization', value);
      expect(said(answer)).toBe('400 InvalidArgument');
      expect(answer.error['Message']).toBe('Unsupported Authorization Type');
    });

    it('no x-amz-content-sha256', async () => {
      const answer = await changed('x-amz-content-sha256', undefined);
      expect(said(answer)).toBe('400 InvalidRequest');
      expect(answer.error['Message']).toBe('Missing required header for this request: x-amz-content-sha256');
    });

    it('an x-amz-content-sha256 that is none', async () => {
      expect(said(await call({ path: `/${bucket}/k`, contentSha256: 'abc' }))).toBe('400 InvalidArgument');
    });

    it('a streaming value on what streams nothing', async () => {
      const answer = await call({ path: `/${bucket}/k`, contentSha256: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' });
      expect(said(answer)).toBe('400 InvalidRequest');
    });

    it('a body that is another one', async () => {
      for (const [method, path, query, body] of [
        ['PUT', `/${bucket}/other`, {}, 'what came'],
        ['PUT', `/${bucket}/other-big`, {}, 'y'.repeat(300_000)],
        [
          'PUT',
          `/${bucket}`,
          { versioning: '' },
          '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
        ],
      ] as const) {
        const answer = await call({ method, path, query, body, contentSha256: sha256('what was meant') });
        expect(said(answer)).toBe('400 XAmzContentSHA256Mismatch');
        expect(answer.error).toMatchObject({
          Message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
          ClientComputedContentSHA256: sha256('what was meant'),
          S3ComputedContentSHA256: sha256(body),
        });
      }
      await absent('other');
    });

    it('an unknown key', async () => {
      const answer = await call({
        path: `/${bucket}/k`,
        keys: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' },
      });
      expect(said(answer)).toBe('403 InvalidAccessKeyId');
      expect(answer.error).toMatchObject({
        Message: 'The AWS Access Key Id you provided does not exist in our records.',
        AWSAccessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      });
    });

    it('a wrong secret', async () => {
      const answer = await call({ path: `/${bucket}/k`, keys: { ...rootKeys(), secretAccessKey: 'x'.repeat(40) } });
      expect(said(answer)).toBe('403 SignatureDoesNotMatch');
      expect(answer.error).toMatchObject({
        Message:
          'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
        AWSAccessKeyId: rootKeys().accessKeyId,
        StringToSign: expect.stringMatching(/^AWS4-HMAC-SHA256\n\d{8}T\d{6}Z\n/),
        SignatureProvided: expect.stringMatching(/^[0-9a-f]{64}$/),
        StringToSignBytes: expect.stringMatching(/^41 57 53 34 /),
        CanonicalRequest: expect.stringContaining(`GET\n/${bucket}/k\n`),
        CanonicalRequestBytes: expect.stringMatching(/^47 45 54 /),
      });
    });

    it('a session token that is none', async () => {
      const answer = await call({ path: `/${bucket}/k`, headers: { 'x-amz-security-token': 'nonsense' } });
      expect(said(answer)).toBe('400 InvalidToken');
    });

    it('an x-amz header that was not signed', async () => {
      const answer = await changed('x-amz-meta-sneaky', 'value', { method: 'PUT', path: `/${bucket}/sneaky` });
      expect(said(answer)).toBe('403 AccessDenied');
      expect(answer.error).toMatchObject({
        Message: 'There were headers present in the request which were not signed',
        HeadersNotSigned: 'x-amz-meta-sneaky',
      });
      await absent('sneaky');
    });

    it('both ways at once', async () => {
      const answer = await call({
        path: `/${bucket}/k`,
        query: { 'X-Amz-Algorithm': 'AWS4-HMAC-SHA256', 'X-Amz-Signature': 'a'.repeat(64) },
      });
      expect(answer.status).toBe(400);
    });
  });

  describe('of the body', () => {
    const put = (query: Record<string, string>, body: string, path = `/${bucket}`) =>
      call({
        method: 'PUT',
        path,
        query,
        body,
        headers: { 'content-md5': createHash('md5').update(body).digest('base64') },
      });

    it.each([
      ['not XML', 'hello'],
      ['cut short', '<VersioningConfiguration><Status>Enabled</Status>'],
      ['of another root', '<Tagging><TagSet></TagSet></Tagging>'],
      [
        'with an entity',
        '<!DOCTYPE x [<!ENTITY a "Enabled">]><VersioningConfiguration><Status>&a;</Status></VersioningConfiguration>',
      ],
      [
        'reading a file',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><VersioningConfiguration><Status>&a;</Status></VersioningConfiguration>',
      ],
      ['nested without end', '<a>'.repeat(100_000)],
    ])('XML %s', async (_, body) => {
      const answer = await put({ versioning: '' }, body);
      expect(said(answer)).toBe('400 MalformedXML');
      expect(answer.error['Message']).toBe(
        'The XML you provided was not well-formed or did not validate against our published schema',
      );
    });

    it('XML that is too large', async () => {
      const answer = await put(
        { versioning: '' },
        `<VersioningConfiguration>${' '.repeat(9 * MiB)}</VersioningConfiguration>`,
      );
      expect([400, 413]).toContain(answer.status);
      expect(['MalformedXML', 'MaxMessageLengthExceeded', 'EntityTooLarge']).toContain(answer.error['Code']);
    });

    it('a billion laughs end quickly', async () => {
      const entities = Array.from({ length: 12 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('');
      const started = Date.now();
      const answer = await put(
        { versioning: '' },
        `<!DOCTYPE x [<!ENTITY l0 "ha">${entities}]><VersioningConfiguration><Status>&l12;</Status></VersioningConfiguration>`,
      );
      expect(said(answer)).toBe('400 MalformedXML');
      expect(Date.now() - started).toBeLessThan(5_000);
    });

    it.each([
      ["Policies must be valid JSON and the first byte must be '{'", 'nonsense'],
      ['This policy contains invalid Json', '{"Statement": [}'],
      ['Missing required field Statement', '{"Version":"2012-10-17"}'],
      ['Could not parse the policy: Statement is empty!', '{"Version":"2012-10-17","Statement":[]}'],
      [
        'Invalid effect: Maybe',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::BUCKET/*"}]}',
      ],
      [
        'Policy has invalid action',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"ec2:Run","Resource":"arn:aws:s3:::BUCKET/*"}]}',
      ],
      [
        'Policy has invalid resource',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::somebody-else/*"}]}',
      ],
      [
        'Invalid principal in policy',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"AWS":"nobody"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::BUCKET/*"}]}',
      ],
      [
        'Action does not apply to any resource(s) in statement',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::BUCKET"}]}',
      ],
      [
        'The policy must contain a valid version string',
        '{"Version":"2020-01-01","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::BUCKET/*"}]}',
      ],
      [
        'Normalized policy document exceeds the maximum allowed size of 20480 bytes',
        `{"Version":"2012-10-17","Id":"${'x'.repeat(21_000)}","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::BUCKET/*"}]}`,
      ],
    ])('MalformedPolicy: %s', async (message, text) => {
      const answer = await put({ policy: '' }, text.replaceAll('BUCKET', bucket));
      expect(said(answer)).toBe('400 MalformedPolicy');
      expect(answer.error['Message']).toBe(message);
    });
  });

  describe('of lengths and headers', () => {
    it('no length', async () => {
      const request = await signed({ method: 'PUT', path: `/${bucket}/no-length`, contentSha256: 'UNSIGNED-PAYLOAD' });
      const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => name !== 'content-length'));
      const { response } = await raw([asBytes({ ...request, headers: { ...headers, connection: 'close' } })]);
      expect(said(response!)).toBe('411 MissingContentLength');
      await absent('no-length');
    });

    it.each([100, 200_000])('a body that ends %i bytes too early', async (missing) => {
      const request = await signed({ method: 'PUT', path: `/${bucket}/short`, contentSha256: 'UNSIGNED-PAYLOAD' });
      const head = asBytes({ ...request, headers: { ...request.headers, 'content-length': '300000' }, body: '' });
      const { response } = await raw([head, bytes(300_000 - missing), 100], 'fin');
      // Who ends early may be gone before the answer; when it comes, it says this.
      if (response) expect(said(response)).toBe('400 IncompleteBody');
      await absent('short');
    });

    it('a connection cut in mid-upload leaves nothing', async () => {
      const request = await signed({ method: 'PUT', path: `/${bucket}/cut`, contentSha256: 'UNSIGNED-PAYLOAD' });
      const head = asBytes({
        ...request,
        headers: { ...request.headers, 'content-length': String(20 * MiB) },
        body: '',
      });
      await raw([head, bytes(3 * MiB), 200], 'cut');
      await absent('cut');
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'cut-part' }));
      const part = await signed({
        method: 'PUT',
        path: `/${bucket}/cut-part`,
        query: { partNumber: '1', uploadId: UploadId! },
        contentSha256: 'UNSIGNED-PAYLOAD',
      });
      await raw(
        [
          asBytes({ ...part, headers: { ...part.headers, 'content-length': String(20 * MiB) }, body: '' }),
          bytes(3 * MiB),
          200,
        ],
        'cut',
      );
      expect(
        (await client.send(new ListPartsCommand({ Bucket: bucket, Key: 'cut-part', UploadId }))).Parts,
      ).toBeUndefined();
      // An upload cut off keeps what was there before.
      const over = await signed({ method: 'PUT', path: `/${bucket}/k`, contentSha256: 'UNSIGNED-PAYLOAD' });
      await raw(
        [asBytes({ ...over, headers: { ...over.headers, 'content-length': '100000' }, body: '' }), bytes(50_000), 100],
        'cut',
      );
      expect((await call({ path: `/${bucket}/k` })).text).toBe('x');
    });

    it('more than 5 GiB at once', async () => {
      const request = await signed({ method: 'PUT', path: `/${bucket}/huge`, contentSha256: 'UNSIGNED-PAYLOAD' });
      const head = asBytes({
        ...request,
        headers: { ...request.headers, 'content-length': String(5 * 1024 ** 3 + 1) },
        body: '',
      });
      const { response } = await raw([head]);
      expect(said(response!)).toBe('400 EntityTooLarge');
      expect(response!.error['Message']).toBe('Your proposed upload exceeds the maximum allowed size');
    });

    it('headers of more than 8 KB', async () => {
      const answer = await call({ path: `/${bucket}/k`, headers: { 'x-amz-meta-long': 'v'.repeat(9_000) } });
      expect(said(answer)).toBe('400 RequestHeaderSectionTooLarge');
      const huge = await raw([`GET /${bucket}/k HTTP/1.1\r\nhost: x\r\nx-long: ${'v'.repeat(200_000)}\r\n\r\n`]);
      expect(huge.response!.status).toBe(400);
      expect(said(huge.response!)).toBe('400 RequestHeaderSectionTooLarge');
    });

    it.each([
      ['no HTTP at all', 'nonsense\r\n\r\n'],
      ['a bad header', `GET / HTTP/1.1\r\nhost: x\r\nbad header: y\r\n\r\n`],
      ['two lengths', `PUT /x/y HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd`],
      [
        'a length and chunks',
        `PUT /x/y HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      ],
    ])('%s', async (_, text) => {
      const { response } = await raw([text]);
      expect(response?.status).toBe(400);
      expect((await call({ path: `/${bucket}/k` })).status).toBe(200);
    });

    it('Expect: 100-continue is answered before the body, or by the refusal', async () => {
      const request = await signed({ method: 'PUT', path: `/${bucket}/expected`, contentSha256: 'UNSIGNED-PAYLOAD' });
      const head = asBytes({
        ...request,
        headers: { ...request.headers, 'content-length': '5', expect: '100-continue' },
        body: '',
      });
      const { received, response } = await raw([head, 500, 'hello']);
      expect(received.toString()).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
      expect(response!.status).toBe(200);
      const bad = await raw([head.replace(/Signature=[0-9a-f]{4}/, 'Signature=0000')]);
      expect(bad.received.toString()).toMatch(/^HTTP\/1\.1 403 /);
    });
  });

  describe('of chunks', () => {
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
        expect(answer.status).toBe(400);
        await absent('frame');
      });
    });
  });

  describe('of what is not here', () => {
    it('a bucket', async () => {
      const answer = await call({ path: '/no-such-bucket-at-all-7d1/k' });
      expect(said(answer)).toBe('404 NoSuchBucket');
      expect(answer.error).toMatchObject({
        Message: 'The specified bucket does not exist',
        BucketName: 'no-such-bucket-at-all-7d1',
      });
    });

    it.each([
      ['GET', 'accelerate'],
      ['PUT', 'inventory'],
      ['GET', 'analytics'],
      ['POST', 'restore'],
      ['GET', 'torrent'],
    ])('%s ?%s is not implemented, by name', async (method, name) => {
      const key = name === 'restore' || name === 'torrent' ? '/k' : '';
      const answer = await call({
        method,
        path: `/${bucket}${key}`,
        query: { [name]: '', ...(name === 'inventory' || name === 'analytics' ? { id: 'x' } : {}) },
      });
      expect(said(answer)).toBe('501 NotImplemented');
      expect(answer.error['Message']).toMatch(/accelerat|inventory|analytics|restore|torrent/i);
    });

    it('through the AWS CLI', async () => {
      await expect(aws(['s3api', 'get-bucket-accelerate-configuration', '--bucket', bucket])).rejects.toThrow(
        /\(NotImplemented\)/,
      );
      await expect(aws(['s3api', 'get-object', '--bucket', bucket, '--key', 'absent', '/dev/null'])).rejects.toThrow(
        /\(NoSuchKey\) when calling the GetObject operation: The specified key does not exist\./,
      );
      await expect(aws(['s3api', 'head-object', '--bucket', bucket, '--key', 'absent'])).rejects.toThrow(
        /\(404\).*Not Found/,
      );
      await expect(aws(['iam', 'create-group', '--group-name', 'g'])).rejects.toThrow(/NotImplemented/);
    });

    it('a method', async () => {
      const answer = await call({ method: 'PATCH', path: `/${bucket}/k` });
      expect(said(answer)).toBe('405 MethodNotAllowed');
      expect(answer.error).toMatchObject({
        Message: 'The specified method is not allowed against this resource.',
        Method: 'PATCH',
      });
    });
  });
});
