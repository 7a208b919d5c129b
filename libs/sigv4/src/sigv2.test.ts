import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseAuth } from './parse-auth.ts';
import type { ParseOptions, SigV2Auth } from './parsed-auth.ts';
import { authenticate, refusal, seen } from './testkit/authenticate.ts';

// The examples of "Signing and authenticating REST requests" in S3's developer guide.
const KEY = 'AKIAIOSFODNN7EXAMPLE';
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const BUCKET = 'awsexamplebucket1';
const NOW = new Date('2007-03-27T19:36:42Z');
const options: ParseOptions = {
  now: NOW,
  regions: ['us-east-1'],
  services: ['s3'],
  virtualHostBucket: BUCKET,
  maxSkewMs: 86_400_000,
};
const host = { host: 'awsexamplebucket1.us-west-1.s3.amazonaws.com' };

describe("examples of S3's documentation: strings to sign", () => {
  const stringOf = (method: string, target: string, headers: NodeJS.Dict<string>) =>
    (
      parseAuth(
        { method, target, headers: { ...host, authorization: `AWS ${KEY}:sig=`, ...headers } },
        options,
      ) as SigV2Auth
    ).stringToSign;

  it('object GET', () => {
    expect(stringOf('GET', '/photos/puppy.jpg', { date: 'Tue, 27 Mar 2007 19:36:42 +0000' })).toBe(
      'GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/awsexamplebucket1/photos/puppy.jpg',
    );
  });

  it('object PUT', () => {
    const headers = {
      'content-type': 'image/jpeg',
      'content-length': '94328',
      date: 'Tue, 27 Mar 2007 21:15:45 +0000',
    };
    expect(stringOf('PUT', '/photos/puppy.jpg', headers)).toBe(
      'PUT\n\nimage/jpeg\nTue, 27 Mar 2007 21:15:45 +0000\n/awsexamplebucket1/photos/puppy.jpg',
    );
  });

  it('list, whose parameters are not signed', () => {
    expect(
      stringOf('GET', '/?prefix=photos&max-keys=50&marker=puppy', { date: 'Tue, 27 Mar 2007 19:42:41 +0000' }),
    ).toBe('GET\n\n\nTue, 27 Mar 2007 19:42:41 +0000\n/awsexamplebucket1/');
  });

  it('fetch of a sub-resource', () => {
    expect(stringOf('GET', '/?acl', { date: 'Tue, 27 Mar 2007 19:44:46 +0000' })).toBe(
      'GET\n\n\nTue, 27 Mar 2007 19:44:46 +0000\n/awsexamplebucket1/?acl',
    );
  });

  it('with x-amz-date, which takes the place of Date', () => {
    const headers = { date: 'Tue, 27 Mar 2007 21:20:27 +0000', 'x-amz-date': 'Tue, 27 Mar 2007 21:20:26 +0000' };
    expect(stringOf('DELETE', '/photos/puppy.jpg', headers)).toBe(
      'DELETE\n\n\n\nx-amz-date:Tue, 27 Mar 2007 21:20:26 +0000\n/awsexamplebucket1/photos/puppy.jpg',
    );
  });

  it('upload with metadata, the bucket being the host', () => {
    const headers: [string, string][] = [
      ['Host', 'static.example.com:8080'],
      ['Date', 'Tue, 27 Mar 2007 21:06:08 +0000'],
      ['x-amz-acl', 'public-read'],
      ['content-type', 'application/x-download'],
      ['Content-MD5', '4gJE4saaMU4BqNR0kLY+lw=='],
      ['X-Amz-Meta-ReviewedBy', 'joe@example.com'],
      ['X-Amz-Meta-ReviewedBy', 'jane@example.com'],
      ['X-Amz-Meta-FileChecksum', '0x02661779'],
      ['X-Amz-Meta-ChecksumAlgorithm', 'crc32'],
      ['Authorization', `AWS ${KEY}:sig=`],
    ];
    const request = { method: 'PUT', target: '/db-backup.dat.gz', headers };
    const parsed = parseAuth(request, { ...options, virtualHostBucket: 'static.example.com' }) as SigV2Auth;
    expect(parsed.stringToSign).toBe(
      [
        'PUT',
        '4gJE4saaMU4BqNR0kLY+lw==',
        'application/x-download',
        'Tue, 27 Mar 2007 21:06:08 +0000',
        'x-amz-acl:public-read',
        'x-amz-meta-checksumalgorithm:crc32',
        'x-amz-meta-filechecksum:0x02661779',
        'x-amz-meta-reviewedby:joe@example.com,jane@example.com',
        '/static.example.com/db-backup.dat.gz',
      ].join('\n'),
    );
  });

  it('a signature over such a string verifies, and another does not', () => {
    const text = 'GET\n\n\nTue, 27 Mar 2007 19:36:42 +0000\n/awsexamplebucket1/photos/puppy.jpg';
    const signature = createHmac('sha1', SECRET).update(text).digest('base64');
    const request = (provided: string) => ({
      method: 'GET',
      target: '/photos/puppy.jpg',
      headers: { ...host, date: 'Tue, 27 Mar 2007 19:36:42 +0000', authorization: `AWS ${KEY}:${provided}` },
    });
    expect(authenticate(request(signature), SECRET, options)).toMatchObject({ kind: 'v2-header', accessKeyId: KEY });
    const wrong = createHmac('sha1', 'x').update(text).digest('base64');
    expect(seen(refusal(() => authenticate(request(wrong), SECRET, options)))).toEqual({
      code: 'SignatureDoesNotMatch',
      status: 403,
      message:
        'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
      extras: {
        AWSAccessKeyId: KEY,
        StringToSign: text,
        SignatureProvided: wrong,
        StringToSignBytes: Buffer.from(text)
          .toString('hex')
          .replace(/..(?!$)/g, '$& '),
      },
    });
  });
});

describe('refusals', () => {
  const good = { AWSAccessKeyId: KEY, Signature: 'sig=', Expires: '1175139620' };
  const refused = (changes: NodeJS.Dict<string>, headers: NodeJS.Dict<string> = {}) => {
    const query = Object.entries({ ...good, ...changes })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${encodeURIComponent(value as string)}`);
    const request = { method: 'GET', target: `/k?${query.join('&')}`, headers: { ...host, ...headers } };
    return seen(refusal(() => parseAuth(request, options)));
  };

  it.each(['Signature', 'Expires', 'AWSAccessKeyId'])('without %s', (name) => {
    const message = 'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters';
    expect(refused({ [name]: undefined })).toEqual({ code: 'AccessDenied', status: 403, message, extras: {} });
  });

  it('expired', () => {
    expect(refused({ Expires: '1175024201' })).toEqual({
      code: 'AccessDenied',
      status: 403,
      message: 'Request has expired',
      extras: { Expires: '2007-03-27T19:36:41Z', ServerTime: '2007-03-27T19:36:42Z' },
    });
  });

  it.each(['soon', '-1', '1e12', '9'.repeat(13)])('Expires=%s', (Expires) => {
    expect(refused({ Expires })).toMatchObject({
      code: 'AccessDenied',
      status: 403,
      message: `Invalid date (should be seconds since epoch): ${Expires}`,
    });
  });

  it('a name both as header and parameter', () => {
    expect(refused({ 'x-amz-acl': 'private' }, { 'x-amz-acl': 'private' })).toMatchObject({
      code: 'SignatureDoesNotMatch',
      status: 403,
    });
  });

  it('an Authorization header of another shape', () => {
    const headers = { ...host, authorization: 'AWS nothing', date: 'Tue, 27 Mar 2007 19:36:42 GMT' };
    expect(seen(refusal(() => parseAuth({ method: 'GET', target: '/', headers }, options)))).toEqual({
      code: 'InvalidArgument',
      status: 400,
      message: 'AWS authorization header is invalid.  Expected AwsAccessKeyId:signature',
      extras: { ArgumentName: 'Authorization' },
    });
  });

  it('no date, or one too far off', () => {
    const run = (date?: string) =>
      refusal(() =>
        parseAuth({ method: 'GET', target: '/', headers: { ...host, authorization: `AWS ${KEY}:s=`, date } }, options),
      );
    expect(run()).toMatchObject({ code: 'AccessDenied', status: 403 });
    expect(run('Tue, 27 Mar 2012 19:36:42 GMT')).toMatchObject({ code: 'RequestTimeTooSkewed', status: 403 });
  });
});
