import { CreateMultipartUploadCommand, ListPartsCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { s3 } from './harness/clients.ts';
import { bytes, MiB } from './harness/data.ts';
import { bucketWithK, expectAbsent, said } from './harness/errors.ts';
import { call, signed } from './harness/sign.ts';
import { present } from './harness/stack.ts';
import type { Sending } from './harness/wire.ts';
import { raw } from './harness/wire.ts';

const client = present ? s3() : (undefined as never);

/** A request as bytes, for what Node's client would not send. */
function asBytes({ method, target, headers, body }: Sending): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${String(body ?? '')}`;
}

describe.runIf(present)('errors of lengths and headers', () => {
  let bucket: string;
  beforeAll(async () => void (bucket = await bucketWithK()));
  const absent = (key: string) => expectAbsent(bucket, key);

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
    expect(said(response!)).toBe('400 BadRequest');
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
