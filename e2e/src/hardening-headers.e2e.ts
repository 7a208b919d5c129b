import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { beforeAll, describe, expect, it } from 'vitest';
import { newBucket } from './harness/buckets.ts';
import { s3 } from './harness/clients.ts';
import { bytes } from './harness/data.ts';
import type { Signing } from './harness/sign.ts';
import { call, presignedTarget, signed } from './harness/sign.ts';
import { present, stack } from './harness/stack.ts';
import type { Wire } from './harness/wire.ts';
import { raw, send } from './harness/wire.ts';

const client = present ? s3() : (undefined as never);
/** Node gives the bytes of header values as latin1. */
const fromTheWire = (text: string) => Buffer.from(text, 'latin1').toString('utf8');

async function presigned(signing: Signing & { body?: string }): Promise<Wire> {
  const target = await presignedTarget(signing);
  const { body } = signing;
  return await send({
    method: signing.method ?? 'GET',
    target,
    headers: {
      host: new URL(stack().endpoint).host,
      ...(body !== undefined && { 'content-length': String(body.length) }),
    },
    ...(body !== undefined && { body }),
  });
}

describe.runIf(present)('text that comes from outside in headers of an answer', () => {
  let bucket: string;
  beforeAll(async () => {
    bucket = await newBucket({ purpose: 'heads' });
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'the bytes' }));
  });

  it.each([
    'attachment; filename="日本.txt"',
    'attachment; filename="résumé.pdf"',
    'attachment; filename="😀"',
    `attachment; filename="${'ü'.repeat(100)}"`,
    'attachment; filename="plain.txt"; filename*=UTF-8\'\'%E6%97%A5',
  ])('response-content-disposition: %s', async (disposition) => {
    const query = { 'response-content-disposition': disposition };
    for (const answer of [
      await presigned({ path: `/${bucket}/k`, query }),
      await call({ path: `/${bucket}/k`, query }),
    ]) {
      expect(answer.status, answer.text).toBe(200);
      expect(answer.text).toBe('the bytes');
      expect(fromTheWire(answer.headers['content-disposition']!)).toBe(disposition);
    }
    const head = await presigned({ method: 'HEAD', path: `/${bucket}/k`, query });
    expect(fromTheWire(head.headers['content-disposition']!)).toBe(disposition);
  });

  it.each([
    'response-content-disposition',
    'response-content-type',
    'response-content-language',
    'response-expires',
    'response-cache-control',
    'response-content-encoding',
  ])('line ends and other control characters in %s start no header of their own', async (parameter) => {
    for (const value of ['a\r\nx-evil: 1', 'a\nx-evil: 1', 'a\rb', 'a\0b', 'a\u007fb\u001b']) {
      const answer = await presigned({ path: `/${bucket}/k`, query: { [parameter]: value } });
      expect(answer.headers).not.toHaveProperty('x-evil');
      expect([200, 400]).toContain(answer.status);
      if (answer.status === 200) expect(answer.text).toBe('the bytes');
    }
  });

  it.each<[string, string]>([
    ['x-amz-website-redirect-location', '/a\r\nx-evil: 1'],
    ['x-amz-website-redirect-location', '/a\0'],
    ['x-amz-meta-note', 'one\r\ntwo'],
    ['x-amz-meta-a b\n', '1'],
    ['x-amz-meta-ü', '1'],
    ['x-amz-meta-a:b', '1'],
    ['x-amz-meta-(x)', '1'],
  ])('a presigned PUT with %j = %j in its query is refused and stores nothing', async (name, value) => {
    const key = `odd-${Buffer.from(name + value).toString('hex')}`;
    const answer = await presigned({ method: 'PUT', path: `/${bucket}/${key}`, query: { [name]: value }, body: 'x' });
    expect(`${answer.status} ${answer.error['Code']}`).toBe('400 InvalidArgument');
    expect((await call({ method: 'HEAD', path: `/${bucket}/${key}` })).status).toBe(404);
  });

  it('metadata in the query of a presigned PUT counts as the header would', async () => {
    const query = {
      'x-amz-meta-colour': 'grün',
      'x-amz-meta-plain': 'a b+c',
      'x-amz-website-redirect-location': '/größe',
    };
    const put = await presigned({ method: 'PUT', path: `/${bucket}/hoisted`, query, body: 'x' });
    expect(put.status, put.text).toBe(200);
    const got = await call({ path: `/${bucket}/hoisted` });
    expect(got.status).toBe(200);
    expect(got.headers['x-amz-meta-plain']).toBe('a b+c');
    expect(decoded(got.headers['x-amz-meta-colour'])).toBe('grün');
    expect(fromTheWire(String(got.headers['x-amz-website-redirect-location']))).toBe('/größe');
  });

  /** S3 gives metadata that is not ASCII as an encoded word of RFC 2047. */
  function decoded(value: unknown): string {
    const [, encoding, text] = /^=\?UTF-8\?([BQ])\?(.*)\?=$/i.exec(String(value)) ?? [];
    expect(encoding, String(value)).toBe('B');
    return Buffer.from(text!, 'base64').toString();
  }

  it('metadata and headers in UTF-8 come back as they went in', async () => {
    const values = {
      'x-amz-meta-note': 'naïve 日本 😀',
      'content-disposition': 'attachment; filename="日本é.txt"',
      'cache-control': 'max-age=5',
    };
    // Node's client has ideas of its own about such headers, so the bytes go out as they are.
    const request = await signed({ method: 'PUT', path: `/${bucket}/utf8`, headers: values, body: 'x' });
    const lines = Object.entries(request.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
    const { response: put } = await raw([
      Buffer.from(`PUT ${request.target} HTTP/1.1\r\n${lines.join('')}\r\nx`, 'utf8'),
    ]);
    expect(put?.status, put?.text).toBe(200);
    for (const method of ['GET', 'HEAD']) {
      const got = await call({ method, path: `/${bucket}/utf8` });
      expect(got.status).toBe(200);
      expect(decoded(got.headers['x-amz-meta-note'])).toBe(values['x-amz-meta-note']);
      expect(fromTheWire(got.headers['content-disposition']!)).toBe(values['content-disposition']);
    }
    const copied = await call({
      method: 'PUT',
      path: `/${bucket}/copy`,
      headers: { 'x-amz-copy-source': `/${bucket}/utf8` },
    });
    expect(copied.status, copied.text).toBe(200);
    const copy = await call({ method: 'HEAD', path: `/${bucket}/copy` });
    expect(decoded(copy.headers['x-amz-meta-note'])).toBe(values['x-amz-meta-note']);
  });

  it('what the JavaScript SDK presigns with a name in another script works', async () => {
    const ResponseContentDisposition = 'attachment; filename="отчёт.txt"';
    const url = await getSignedUrl(
      client,
      new GetObjectCommand({ Bucket: bucket, Key: 'k', ResponseContentDisposition }),
    );
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(fromTheWire(response.headers.get('content-disposition')!)).toBe(ResponseContentDisposition);
    expect(await response.text()).toBe('the bytes');
  });

  it('an operation that a JSON API does not know is refused in JSON', async () => {
    const answer = await call({
      method: 'POST',
      path: '/',
      service: 'kms',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'TrentService.NoSuchOperation' },
      body: '{}',
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.headers['content-type']).toMatch(/json/);
    expect(JSON.parse(answer.text)).toHaveProperty('__type');
  });
});

describe.runIf(present)('If-Range', () => {
  const body = bytes(300_000);
  let bucket: string;
  let etag: string;
  let modified: Date;
  beforeAll(async () => {
    bucket = await newBucket({ purpose: 'ifrange' });
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: body }));
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'k' }));
    [etag, modified] = [head.ETag!, head.LastModified!];
  });
  const get = (headers: Record<string, string>) => call({ path: `/${bucket}/k`, headers });
  const rest = 'bytes=200000-';

  it('lets the range count while the object is the same', async () => {
    for (const value of [etag, modified.toUTCString()]) {
      const answer = await get({ range: rest, 'if-range': value });
      expect(answer.status).toBe(206);
      expect(answer.body.equals(body.subarray(200_000))).toBe(true);
    }
  });

  it('gives the whole object when it is another', async () => {
    const other = [
      '"00000000000000000000000000000000"',
      `W/${etag}`,
      new Date(modified.getTime() - 60_000).toUTCString(),
      new Date(modified.getTime() + 60_000).toUTCString(),
      'nonsense',
    ];
    for (const value of other) {
      const answer = await get({ range: rest, 'if-range': value });
      expect(`${value} ${answer.status}`).toBe(`${value} 200`);
      expect(answer.headers).not.toHaveProperty('content-range');
      expect(answer.body.equals(body)).toBe(true);
    }
  });

  it('gives the whole object for a range that it does not have any more', async () => {
    const answer = await get({ range: 'bytes=999999-', 'if-range': '"00000000000000000000000000000000"' });
    expect(answer.status).toBe(200);
    expect((await get({ range: 'bytes=999999-', 'if-range': etag })).status).toBe(416);
  });

  it('means nothing without a range', async () => {
    for (const value of [etag, '"other"']) expect((await get({ 'if-range': value })).status).toBe(200);
  });

  it('keeps a download that is resumed after an overwrite from becoming a mixture', async () => {
    const target = { Bucket: bucket, Key: 'changing' };
    const first = await client.send(new PutObjectCommand({ ...target, Body: body }));
    const next = bytes(250_000);
    await client.send(new PutObjectCommand({ ...target, Body: next }));
    const answer = await call({ path: `/${bucket}/changing`, headers: { range: rest, 'if-range': first.ETag! } });
    expect(answer.status).toBe(200);
    expect(answer.body.equals(next)).toBe(true);
  });
});
