import { beforeAll, describe, expect, it } from 'vitest';
import { rootKeys } from './harness/clients.ts';
import { sha256 } from './harness/data.ts';
import { bucketWithK, expectAbsent, said } from './harness/errors.ts';
import type { Signing } from './harness/sign.ts';
import { call, signed } from './harness/sign.ts';
import { present, stack } from './harness/stack.ts';
import { send } from './harness/wire.ts';

describe.runIf(present)('errors of the signature in the header', () => {
  let bucket: string;
  beforeAll(async () => void (bucket = await bucketWithK()));
  const absent = (key: string) => expectAbsent(bucket, key);

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
    expect(said(answer)).toBe('400 InvalidArgument');
  });
});
