import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from './testkit/smithy.ts';
import { describe, expect, it } from 'vitest';
import type { ParseOptions } from './parsed-auth.ts';
import { parseAuth } from './parse-auth.ts';
import { authenticate, refusal, seen } from './testkit/authenticate.ts';
import { targetOf } from './testkit/smithy.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const options: ParseOptions = { now: NOW, regions: ['eu-central-1'], services: ['s3', 'sts'] };
const good = {
  'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
  'X-Amz-Credential': 'AKIDEXAMPLE/20261123/eu-central-1/s3/aws4_request',
  'X-Amz-Date': '20261123T120000Z',
  'X-Amz-Expires': '3600',
  'X-Amz-SignedHeaders': 'host',
  'X-Amz-Signature': '0'.repeat(64),
};
const target = (changes: NodeJS.Dict<string>) =>
  `/b/k?${Object.entries({ ...good, ...changes })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value as string)}`)
    .join('&')}`;
const parse = (changes: NodeJS.Dict<string>, more: Partial<ParseOptions> = {}, headers: NodeJS.Dict<string> = {}) =>
  parseAuth({ method: 'GET', target: target(changes), headers: { host: 'h', ...headers } }, { ...options, ...more });
const refused = (...args: Parameters<typeof parse>) => seen(refusal(() => parse(...args)));

describe('AuthorizationQueryParametersError', () => {
  it.each(Object.keys(good))('without %s', (name) => {
    const message =
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.';
    const expected = { code: 'AuthorizationQueryParametersError', status: 400, message, extras: {} };
    expect(refused({ [name]: undefined })).toEqual(expected);
    expect(refused({ [name]: '' })).toEqual(expected);
  });

  const week =
    'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds';
  const credential = (text: string) => ({ 'X-Amz-Credential': text });
  it.each([
    [
      'another algorithm',
      { 'X-Amz-Algorithm': 'AWS4-ECDSA-P256-SHA256' },
      'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"',
    ],
    ['Expires not a number', { 'X-Amz-Expires': '1h' }, 'X-Amz-Expires should be a number'],
    ['Expires in exponents', { 'X-Amz-Expires': '1e3' }, 'X-Amz-Expires should be a number'],
    ['Expires negative', { 'X-Amz-Expires': '-1' }, 'X-Amz-Expires must be non-negative'],
    ['Expires over a week', { 'X-Amz-Expires': '604801' }, week],
    ['Expires over all numbers', { 'X-Amz-Expires': '9'.repeat(400) }, week],
    [
      'Date of another form',
      { 'X-Amz-Date': '2026-11-23T12:00:00Z' },
      `X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`,
    ],
    [
      'Credential of another shape',
      credential('AKIDEXAMPLE'),
      'Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    ],
    [
      'Credential for another service',
      credential('AKIDEXAMPLE/20261123/eu-central-1/ec2/aws4_request'),
      'Error parsing the X-Amz-Credential parameter; incorrect service "ec2". This endpoint belongs to "s3".',
    ],
    ['SignedHeaders malformed', { 'X-Amz-SignedHeaders': 'host;;' }, 'The X-Amz-SignedHeaders list is malformed.'],
    [
      'a header twice in the query',
      { 'x-amz-acl': 'private', 'X-Amz-Acl': 'public-read' },
      'A header is named more than once in the query.',
    ],
  ])('%s', (_, changes, message) => {
    expect(refused(changes)).toEqual({ code: 'AuthorizationQueryParametersError', status: 400, message, extras: {} });
  });

  it('the wrong region names the right one', () => {
    expect(refused(credential('AKIDEXAMPLE/20261123/us-east-1/s3/aws4_request'))).toEqual({
      code: 'AuthorizationQueryParametersError',
      status: 400,
      message:
        "Error parsing the X-Amz-Credential parameter; the region 'us-east-1' is wrong; expecting 'eu-central-1'",
      extras: { Region: 'eu-central-1' },
    });
  });

  it('a parameter twice', () => {
    const twice = `${target({})}&X-Amz-Expires=7200`;
    const request = { method: 'GET', target: twice, headers: { host: 'h' } };
    expect(refusal(() => parseAuth(request, options)).code).toBe('AuthorizationQueryParametersError');
  });
});

describe('validity', () => {
  it('a week is accepted, to its last second', () => {
    const now = new Date('2026-11-30T12:00:00Z');
    expect(parse({ 'X-Amz-Expires': '604800' }, { now })).toMatchObject({ kind: 'v4-query', expiresSeconds: 604800 });
    const later = new Date('2026-11-30T12:00:01Z');
    expect(refused({ 'X-Amz-Expires': '604800' }, { now: later })).toMatchObject({ message: 'Request has expired' });
  });

  it('expired', () => {
    const now = new Date('2026-11-23T12:00:11Z');
    expect(refused({ 'X-Amz-Expires': '10' }, { now })).toEqual({
      code: 'AccessDenied',
      status: 403,
      message: 'Request has expired',
      extras: { 'X-Amz-Expires': '10', Expires: '2026-11-23T12:00:10Z', ServerTime: '2026-11-23T12:00:11Z' },
    });
  });

  it('signed in a future beyond the allowed skew', () => {
    const now = new Date('2026-11-23T11:44:59Z');
    expect(refused({}, { now })).toMatchObject({
      code: 'AccessDenied',
      status: 403,
      message: 'Request is not valid yet',
    });
    expect(parse({}, { now: new Date('2026-11-23T11:45:00Z') })).toMatchObject({ kind: 'v4-query' });
  });
});

describe('headers beside a presigned URL', () => {
  it('an unsigned x-amz-* header is refused', () => {
    expect(refused({}, {}, { 'x-amz-acl': 'public-read' })).toEqual({
      code: 'AccessDenied',
      status: 403,
      message: 'There were headers present in the request which were not signed',
      extras: { HeadersNotSigned: 'x-amz-acl' },
    });
  });

  it('so is a host that was not signed', () => {
    expect(refused({ 'X-Amz-SignedHeaders': 'range' })).toMatchObject({ extras: { HeadersNotSigned: 'host' } });
  });

  it('an unsigned body hash is a promise all the same, but may not change how the body is read', () => {
    const sha256 = 'ab'.repeat(32);
    expect(parse({}, {}, { 'x-amz-content-sha256': sha256 })).toMatchObject({
      payload: { kind: 'hash', sha256 },
      payloadHash: 'UNSIGNED-PAYLOAD',
    });
    expect(refused({}, {}, { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' })).toMatchObject({
      extras: { HeadersNotSigned: 'x-amz-content-sha256' },
    });
  });
});

describe('URLs that the JS signer presigned', () => {
  const SECRET = 'secret';
  const signer = (service: string) =>
    new SignatureV4({
      service,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET, sessionToken: 'to+k/en==' },
      sha256: Sha256,
      uriEscapePath: service !== 's3',
    });
  const presign = async (headers: Record<string, string>, service = 's3') => {
    const request = {
      method: 'PUT',
      protocol: 'https:',
      hostname: 'h',
      path: '/b/a%20b%2Bc',
      query: { q: 'a+b c' },
      headers,
    };
    const signed = await signer(service).presign(request, { signingDate: NOW, expiresIn: 60 });
    return { method: 'PUT', target: targetOf(signed), headers: signed.headers };
  };

  it('verify, with what was moved from the headers to the query', async () => {
    const request = await presign({
      host: 'h',
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      'x-amz-meta-a': 'b',
      'x-amz-acl': 'private',
    });
    expect(request.headers).toEqual({ host: 'h' });
    const parsed = authenticate(request, SECRET, options);
    expect(parsed).toMatchObject({ kind: 'v4-query', sessionToken: 'to+k/en==', payload: { kind: 'unsigned' } });
    expect(parsed.kind === 'v4-query' && [...parsed.queryHeaders].toSorted(([a], [b]) => (a < b ? -1 : 1))).toEqual([
      ['x-amz-acl', 'private'],
      ['x-amz-meta-a', 'b'],
    ]);
  });

  it('write a plus sign as %2B; a bare one means the same, and a space does not', async () => {
    const request = await presign({ host: 'h', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' });
    expect(request.target).toContain('q=a%2Bb%20c');
    expect(authenticate({ ...request, target: request.target.replace('%2Bb', '+b') }, SECRET, options)).toMatchObject({
      kind: 'v4-query',
    });
    const space = { ...request, target: request.target.replace('%2Bb', '%20b') };
    expect(refusal(() => authenticate(space, SECRET, options)).code).toBe('SignatureDoesNotMatch');
  });

  it('are refused when a name comes both as header and parameter', async () => {
    const request = await presign({ host: 'h', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'x-amz-acl': 'private' });
    const twice = { ...request, headers: { ...request.headers, 'x-amz-acl': 'private' } };
    expect(refusal(() => authenticate(twice, SECRET, options))).toMatchObject({
      code: 'SignatureDoesNotMatch',
      status: 403,
    });
  });

  it('verify for other services, whose body counts', async () => {
    const sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    const request = await presign({ host: 'h' }, 'sts');
    expect(authenticate(request, SECRET, options)).toMatchObject({ payload: { kind: 'hash', sha256 } });
    const other = { ...options, bodySha256: 'ab'.repeat(32) };
    expect(refusal(() => authenticate(request, SECRET, other)).code).toBe('SignatureDoesNotMatch');
  });
});
