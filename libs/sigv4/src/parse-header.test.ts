import { describe, expect, it } from 'vitest';
import type { ParseOptions } from './parsed-auth.ts';
import { parseAuth } from './parse-auth.ts';
import { EMPTY_SHA256 } from './signing-key.ts';
import { refusal, seen } from './testkit/authenticate.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const options: ParseOptions = { now: NOW, regions: ['eu-central-1', 'us-east-1'], services: ['s3', 'kms', 'iam'] };
const CREDENTIAL = 'AKIDEXAMPLE/20261123/eu-central-1/s3/aws4_request';
const authorization = (credential = CREDENTIAL, signed = 'host;x-amz-content-sha256;x-amz-date') =>
  `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed}, Signature=${'0'.repeat(64)}`;
const base = {
  host: 's3.localhost',
  authorization: authorization(),
  'x-amz-date': '20261123T120000Z',
  'x-amz-content-sha256': EMPTY_SHA256,
};
const parse = (headers: NodeJS.Dict<string>, more: Partial<ParseOptions> = {}, target = '/b/k') =>
  parseAuth({ method: 'GET', target, headers: { ...base, ...headers } }, { ...options, ...more });
const refused = (...args: Parameters<typeof parse>) => seen(refusal(() => parse(...args)));
const reason = (...args: Parameters<typeof parse>) => refusal(() => parse(...args)).reason;

describe('what a well-formed request claims', () => {
  it('is read whole', () => {
    expect(
      parse({
        'x-amz-security-token': 'tok',
        authorization: authorization(CREDENTIAL, 'host;x-amz-content-sha256;x-amz-date;x-amz-security-token'),
      }),
    ).toEqual({
      kind: 'v4-header',
      accessKeyId: 'AKIDEXAMPLE',
      scope: { date: '20261123', region: 'eu-central-1', service: 's3' },
      signedHeaders: ['host', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token'],
      signature: '0'.repeat(64),
      timestamp: NOW,
      amzDate: '20261123T120000Z',
      sessionToken: 'tok',
      payload: { kind: 'hash', sha256: EMPTY_SHA256 },
      payloadHash: EMPTY_SHA256,
      queryHeaders: new Map(),
    });
  });

  it('may have no spaces after the commas', () => {
    expect(parse({ authorization: authorization().replaceAll(', ', ',') })).toMatchObject({
      accessKeyId: 'AKIDEXAMPLE',
    });
  });

  it('may take its time from Date', () => {
    const parsed = parse({ 'x-amz-date': undefined, date: 'Mon, 23 Nov 2026 12:00:00 GMT' });
    expect(parsed).toMatchObject({ amzDate: '20261123T120000Z', timestamp: NOW });
  });

  it.each([
    ['UNSIGNED-PAYLOAD', { kind: 'unsigned' }],
    ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { kind: 'streaming', signed: true, trailer: false }],
    ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { kind: 'streaming', signed: true, trailer: true }],
    ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { kind: 'streaming', signed: false, trailer: true }],
    ['AB'.repeat(32), { kind: 'hash', sha256: 'ab'.repeat(32) }],
  ])('says %s of its body', (value, payload) => {
    expect(parse({ 'x-amz-content-sha256': value })).toMatchObject({ payload, payloadHash: value });
  });

  it('is anonymous without any of it', () => {
    const headers = { host: 'h' };
    expect(parseAuth({ method: 'GET', target: '/b/k?prefix=x', headers }, options)).toEqual({
      kind: 'anonymous',
      payload: { kind: 'unsigned' },
    });
  });

  it('outside S3 has its body hashed by the caller, whatever an unsigned header says', () => {
    const kms = authorization(CREDENTIAL.replace('s3', 'kms'), 'host;x-amz-date');
    expect(parse({ authorization: kms }, { bodySha256: 'cd'.repeat(32) })).toMatchObject({
      payload: { kind: 'hash', sha256: 'cd'.repeat(32) },
      payloadHash: 'cd'.repeat(32),
    });
    expect(parse({ authorization: kms, 'x-amz-content-sha256': 'ef'.repeat(32) })).toMatchObject({
      payload: { kind: 'hash', sha256: EMPTY_SHA256 },
    });
  });

  it('outside S3 may promise the hash of a body that nobody has read, in a signed header', () => {
    const kms = authorization(CREDENTIAL.replace('s3', 'kms'));
    expect(parse({ authorization: kms, 'x-amz-content-sha256': 'ef'.repeat(32) })).toMatchObject({
      payload: { kind: 'hash', sha256: 'ef'.repeat(32) },
    });
    expect(refused({ authorization: kms, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' })).toMatchObject({
      code: 'InvalidRequest',
      status: 400,
    });
  });
});

describe('time', () => {
  const message = 'AWS authentication requires a valid Date or x-amz-date header';
  it.each([
    ['none', {}],
    ['not a time', { 'x-amz-date': 'yesterday' }],
    ['not a day', { 'x-amz-date': '20260231T120000Z' }],
    ['a bad x-amz-date beside a good Date', { 'x-amz-date': '', date: 'Mon, 23 Nov 2026 12:00:00 GMT' }],
    ['a bad Date', { date: 'Mon, 99 Nov 2026 12:00:00 GMT' }],
  ])('%s', (_, headers) => {
    const error = refused({ 'x-amz-date': undefined, ...headers });
    expect(error).toEqual({ code: 'AccessDenied', status: 403, message, extras: {} });
  });

  it.each(['20261123T114459Z', '20261123T121501Z'])('more than 15 minutes off: %s', (date) => {
    expect(refused({ 'x-amz-date': date })).toEqual({
      code: 'RequestTimeTooSkewed',
      status: 403,
      message: 'The difference between the request time and the current time is too large.',
      extras: { RequestTime: date, ServerTime: '2026-11-23T12:00:00Z', MaxAllowedSkewMilliseconds: '900000' },
    });
    expect(reason({ 'x-amz-date': date })).toBe('skew');
  });

  it.each(['20261123T114500Z', '20261123T121500Z'])('exactly 15 minutes off is accepted: %s', (date) => {
    expect(parse({ 'x-amz-date': date })).toMatchObject({ amzDate: date });
  });

  it('the allowance can be set', () => {
    expect(refused({ 'x-amz-date': '20261123T120002Z' }, { maxSkewMs: 1000 })).toMatchObject({
      code: 'RequestTimeTooSkewed',
      extras: { MaxAllowedSkewMilliseconds: '1000' },
    });
  });
});

describe('AuthorizationHeaderMalformed', () => {
  const shape = 'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".';
  const rest = `SignedHeaders=host, Signature=00`;
  it.each([
    ['no Credential', `AWS4-HMAC-SHA256 ${rest}`, 'missing Credential.'],
    ['an empty Credential', `AWS4-HMAC-SHA256 Credential=, ${rest}`, 'missing Credential.'],
    ['no SignedHeaders', `AWS4-HMAC-SHA256 Credential=${CREDENTIAL}, Signature=00`, 'missing SignedHeaders.'],
    ['no Signature', `AWS4-HMAC-SHA256 Credential=${CREDENTIAL}, SignedHeaders=host`, 'missing Signature.'],
    ['nothing', 'AWS4-HMAC-SHA256 x', 'the authorization component "x" is malformed.'],
    ['something unknown', `${authorization()}, Extra=1`, 'the authorization component "Extra=1" is malformed.'],
    ['one part twice', `${authorization()}, Signature=1`, 'the authorization component "Signature=1" is malformed.'],
    ['a short Credential', authorization('AKIDEXAMPLE/20261123/eu-central-1/s3'), shape],
    ['a long Credential', authorization(`${CREDENTIAL}/x`), shape],
    ['no key id', authorization(CREDENTIAL.replace('AKIDEXAMPLE', '')), shape],
    ['a key id of 129 characters', authorization(CREDENTIAL.replace('AKIDEXAMPLE', 'A'.repeat(129))), shape],
    ['a Credential beyond all measure', authorization(`${'A'.repeat(2000)}${CREDENTIAL}`), shape],
    [
      'a date that is none',
      authorization(CREDENTIAL.replace('20261123', '2026-11-23')),
      'incorrect date format "2026-11-23". This date in the credential must be in the format "yyyyMMdd".',
    ],
    [
      'the date of another day',
      authorization(CREDENTIAL.replace('20261123', '20261122')),
      'Invalid credential date "20261122". This date is not the same as X-Amz-Date: "20261123".',
    ],
    [
      'another service',
      authorization(CREDENTIAL.replace('/s3/', '/ec2/')),
      'incorrect service "ec2". This endpoint belongs to "s3".',
    ],
    [
      'another end',
      authorization(CREDENTIAL.replace('aws4_request', 'aws5_request')),
      'incorrect terminal "aws5_request". This endpoint uses "aws4_request".',
    ],
    ['signed headers in upper case', authorization(CREDENTIAL, 'Host'), 'the SignedHeaders list is malformed.'],
    ['a signed header twice', authorization(CREDENTIAL, 'host;host'), 'the SignedHeaders list is malformed.'],
    [
      'too many signed headers',
      authorization(CREDENTIAL, Array.from({ length: 129 }, (_, i) => `h${i}`).join(';')),
      'the SignedHeaders list is malformed.',
    ],
    ['a header beyond all measure', `${authorization()}${' '.repeat(9000)}x`, 'the header is too long.'],
  ])('%s', (_, value, detail) => {
    expect(refused({ authorization: value })).toEqual({
      code: 'AuthorizationHeaderMalformed',
      status: 400,
      message: `The authorization header is malformed; ${detail}`,
      extras: {},
    });
  });

  it('two Authorization headers', () => {
    const headers: [string, string][] = [...Object.entries(base), ['Authorization', authorization()]];
    expect(refusal(() => parseAuth({ method: 'GET', target: '/', headers }, options)).code).toBe(
      'AuthorizationHeaderMalformed',
    );
  });

  it('the wrong region names the right one, which SDKs retry with', () => {
    const wrong = authorization(CREDENTIAL.replace('eu-central-1', 'us-west-1'));
    expect(refused({ authorization: wrong })).toEqual({
      code: 'AuthorizationHeaderMalformed',
      status: 400,
      message: "The authorization header is malformed; the region 'us-west-1' is wrong; expecting 'eu-central-1'",
      extras: { Region: 'eu-central-1' },
    });
  });

  it('a served region is wrong where another one is expected', () => {
    expect(refused({}, { expectedRegion: 'us-east-1' })).toMatchObject({ extras: { Region: 'us-east-1' } });
    expect(parse({}, { expectedRegion: 'eu-central-1' })).toMatchObject({ kind: 'v4-header' });
  });

  it('regions may differ by service', () => {
    const regions = (service: string) => (service === 'iam' ? ['us-east-1'] : ['eu-central-1']);
    const iam = authorization(CREDENTIAL.replace('eu-central-1/s3', 'us-east-1/iam'));
    expect(parse({ authorization: iam }, { regions })).toMatchObject({ scope: { region: 'us-east-1' } });
    expect(refused({ authorization: authorization(CREDENTIAL.replace('s3', 'iam')) }, { regions })).toMatchObject({
      extras: { Region: 'us-east-1' },
    });
  });
});

describe('schemes', () => {
  it.each(['AWS4-HMAC-SHA256', 'Basic dXNlcjpwYXNz', 'Bearer secret', 'AWS4-ECDSA-P256-SHA256 Credential=x', ''])(
    '"%s" is unsupported, and not repeated',
    (value) => {
      expect(refused({ authorization: value })).toEqual({
        code: 'InvalidArgument',
        status: 400,
        message: 'Unsupported Authorization Type',
        extras: { ArgumentName: 'Authorization' },
      });
      expect(reason({ authorization: value })).toBe('unknown-scheme');
    },
  );

  it.each(['/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256', '/b/k?Signature=x', '/b/k?X-Amz-Signature=x'])(
    'only one at a time: %s',
    (target) => {
      expect(refused({}, {}, target)).toEqual({
        code: 'InvalidArgument',
        status: 400,
        message:
          'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
        extras: { ArgumentName: 'Authorization' },
      });
    },
  );

  it('not both kinds of query either', () => {
    const target = '/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&Signature=x';
    expect(refused({ authorization: undefined }, {}, target)).toMatchObject({ code: 'InvalidArgument' });
  });
});

describe('x-amz-content-sha256', () => {
  it('is required by S3', () => {
    expect(refused({ 'x-amz-content-sha256': undefined })).toEqual({
      code: 'InvalidRequest',
      status: 400,
      message: 'Missing required header for this request: x-amz-content-sha256',
      extras: {},
    });
  });

  it.each(['', 'x', 'ab'.repeat(31), 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD'])('may not be "%s"', (value) => {
    expect(refused({ 'x-amz-content-sha256': value })).toMatchObject({
      code: 'InvalidArgument',
      status: 400,
      extras: { ArgumentName: 'x-amz-content-sha256', ArgumentValue: value },
    });
  });

  it.each(['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'])(
    '%s cannot be anonymous',
    (value) => {
      expect(refused({ authorization: undefined, 'x-amz-content-sha256': value })).toMatchObject({
        code: 'InvalidRequest',
        status: 400,
      });
    },
  );
});

describe('headers that nobody signed', () => {
  const message = 'There were headers present in the request which were not signed';
  it.each([
    ['x-amz-acl', { 'x-amz-acl': 'public-read' }, 'x-amz-acl'],
    ['several', { 'x-amz-meta-b': '', 'x-amz-acl': 'private' }, 'x-amz-acl, x-amz-meta-b'],
    ['the token', { 'x-amz-security-token': 't' }, 'x-amz-security-token'],
    ['the body hash', { authorization: authorization(CREDENTIAL, 'host;x-amz-date') }, 'x-amz-content-sha256'],
    ['the host', { authorization: authorization(CREDENTIAL, 'x-amz-content-sha256;x-amz-date') }, 'host'],
  ])('%s', (_, headers, names) => {
    expect(refused(headers)).toEqual({
      code: 'AccessDenied',
      status: 403,
      message,
      extras: { HeadersNotSigned: names },
    });
    expect(reason(headers)).toBe('unsigned-headers');
  });

  it('others may be unsigned', () => {
    expect(parse({ 'user-agent': 'x', 'content-type': 'text/plain' })).toMatchObject({ kind: 'v4-header' });
  });
});
