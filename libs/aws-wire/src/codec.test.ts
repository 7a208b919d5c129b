import { describe, expect, it } from 'vitest';
import { codecFor } from './codec.ts';
import { limits } from './limits.ts';
import { route } from './routing/route.ts';
import type { RequestHeaders } from './routing/types.ts';
import { WireError } from './wire-error.ts';

const context = { requestId: 'R', hostId: 'H' };

function read(
  method: string,
  target: string,
  headers: RequestHeaders = {},
  body?: string | Buffer,
): Record<string, unknown> {
  const found = route({ method, target, headers }, { hosts: [], credentialService: 's3' });
  return codecFor('s3', found.operation).readInput(found, headers, body === undefined ? undefined : Buffer.from(body));
}

function refusal(run: () => unknown): WireError {
  try {
    run();
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('S3 request bodies', () => {
  it('reads with or without a namespace, a declaration, unknown elements', () => {
    const bare = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
    const full =
      '<?xml version="1.0" encoding="UTF-8"?>\n<v:VersioningConfiguration xmlns:v="http://s3.amazonaws.com/doc/2006-03-01/"><v:New><v:Status>x</v:Status></v:New><v:Status>Enabled</v:Status></v:VersioningConfiguration>';
    for (const body of [bare, full]) {
      expect(read('PUT', '/b?versioning', {}, body)).toEqual({
        Bucket: 'b',
        VersioningConfiguration: { Status: 'Enabled' },
      });
    }
  });

  it('reads keys with control characters that are written as references', () => {
    const body =
      '<Delete><Object><Key>a&#x1;&#13;b</Key><VersionId>null</VersionId></Object><Object><Key> </Key></Object><Quiet>true</Quiet></Delete>';
    expect(read('POST', '/b?delete', {}, body)['Delete']).toEqual({
      Objects: [{ Key: 'a\u0001\rb', VersionId: 'null' }, { Key: ' ' }],
      Quiet: true,
    });
  });

  it('takes the root of CompleteMultipartUpload by its own name and by that of its shape', () => {
    for (const root of ['CompleteMultipartUpload', 'CompletedMultipartUpload']) {
      const body = `<${root}><Part><PartNumber>1</PartNumber><ETag>"e"</ETag></Part></${root}>`;
      expect(read('POST', '/b/k?uploadId=u', {}, body)).toEqual({
        Bucket: 'b',
        Key: 'k',
        UploadId: 'u',
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag: '"e"' }] },
      });
    }
  });

  it.each<[string, string, string, string]>([
    ['another root', 'PUT', '/b?versioning', '<Versioning/>'],
    [
      'a number that is none',
      'POST',
      '/b/k?uploadId=u',
      '<CompleteMultipartUpload><Part><PartNumber>one</PartNumber></Part></CompleteMultipartUpload>',
    ],
    [
      'a fraction',
      'POST',
      '/b/k?uploadId=u',
      '<CompleteMultipartUpload><Part><PartNumber>1.5</PartNumber></Part></CompleteMultipartUpload>',
    ],
    [
      'a boolean that is none',
      'PUT',
      '/b?publicAccessBlock',
      '<PublicAccessBlockConfiguration><BlockPublicAcls>yes</BlockPublicAcls></PublicAccessBlockConfiguration>',
    ],
    [
      'elements where text belongs',
      'PUT',
      '/b?versioning',
      '<VersioningConfiguration><Status><a/></Status></VersioningConfiguration>',
    ],
    [
      'an element twice',
      'PUT',
      '/b?versioning',
      '<VersioningConfiguration><Status>Enabled</Status><Status>Suspended</Status></VersioningConfiguration>',
    ],
    [
      'a required element that is missing',
      'PUT',
      '/b/k?tagging',
      '<Tagging><TagSet><Tag><Key>k</Key></Tag></TagSet></Tagging>',
    ],
    ['no rules', 'PUT', '/b?cors', '<CORSConfiguration/>'],
    ['no objects', 'POST', '/b?delete', '<Delete/>'],
    ['what is not XML', 'PUT', '/b?cors', '{"a":1}'],
    [
      'a DOCTYPE',
      'PUT',
      '/b?versioning',
      '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><VersioningConfiguration><Status>&e;</Status></VersioningConfiguration>',
    ],
    ['deep nesting', 'PUT', '/b?cors', '<CORSConfiguration>'.repeat(100_000)],
  ])('answers MalformedXML for %s', (_what, method, target, body) => {
    expect(refusal(() => read(method, target, {}, body))).toMatchObject({ code: 'MalformedXML', status: 400 });
  });

  it('tells an empty body from a malformed one, and lets optional bodies be absent', () => {
    expect(refusal(() => read('PUT', '/b?cors', {}, '')).code).toBe('MissingRequestBodyError');
    expect(refusal(() => read('PUT', '/b?cors')).code).toBe('MissingRequestBodyError');
    expect(read('PUT', '/b', {}, '')).toEqual({ Bucket: 'b' });
  });

  it('hands policies over as text', () => {
    expect(read('PUT', '/b?policy', {}, '{"é": 1}')).toEqual({ Bucket: 'b', Policy: '{"é": 1}' });
    expect(read('PUT', '/b?policy', {}, '')).toEqual({ Bucket: 'b', Policy: '' });
    expect(refusal(() => read('PUT', '/b?policy', {}, Buffer.from([0x7b, 0xff]))).code).toBe('InvalidRequest');
  });
});

describe('S3 parameters and headers', () => {
  it.each<[string, string]>([
    ['/b?max-keys=abc', 'abc'],
    ['/b?max-keys=', ''],
    ['/b?max-keys=1.5', '1.5'],
    ['/b?max-keys=99999999999', '99999999999'],
    ['/b?max-keys=0x10', '0x10'],
  ])('refuses %s with InvalidArgument', (target, value) => {
    expect(refusal(() => read('GET', target))).toMatchObject({
      code: 'InvalidArgument',
      message: 'Provided max-keys not an integer or within integer range',
      extras: { ArgumentName: 'max-keys', ArgumentValue: value },
    });
  });

  it('has words of its own for part numbers', () => {
    expect(refusal(() => read('PUT', '/b/k?uploadId=u&partNumber=one')).message).toBe(
      'Part number must be an integer between 1 and 10000, inclusive',
    );
  });

  it('reads dates in every HTTP form and ignores those that nobody can read, except in headers of its own', () => {
    const at = new Date('1994-11-06T08:49:37Z');
    for (const text of [
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Sunday, 06-Nov-94 08:49:37 GMT',
      'Sun Nov  6 08:49:37 1994',
      '1994-11-06T08:49:37Z',
    ]) {
      expect(read('GET', '/b/k', { 'if-modified-since': text })['IfModifiedSince']).toEqual(at);
    }
    expect(read('GET', '/b/k', { 'if-modified-since': 'yesterday' })).toEqual({ Bucket: 'b', Key: 'k' });
    const own = { 'x-amz-object-lock-retain-until-date': 'tomorrow' };
    expect(refusal(() => read('PUT', '/b/k', own))).toMatchObject({
      code: 'InvalidArgument',
      extras: { ArgumentValue: 'tomorrow' },
    });
  });

  it('reads booleans strictly but for letter case', () => {
    const flag = (text: string): unknown =>
      read('DELETE', '/b/k', { 'x-amz-bypass-governance-retention': text })['BypassGovernanceRetention'];
    expect([flag('true'), flag('True'), flag('false')]).toEqual([true, true, false]);
    expect(refusal(() => flag('1')).code).toBe('InvalidArgument');
  });

  it('reads lists, quoted elements and repeated headers', () => {
    const list = (value: string | string[]): unknown =>
      read('GET', '/b/k?attributes', { 'x-amz-object-attributes': value })['ObjectAttributes'];
    expect(list('ETag,Checksum, ObjectParts')).toEqual(['ETag', 'Checksum', 'ObjectParts']);
    expect(list(['ETag', '"a,\\"b", c'])).toEqual(['ETag', 'a,"b', 'c']);
  });

  it('collects user metadata, decodes UTF-8 and bounds its size', () => {
    const latin1 = Buffer.from('größe', 'utf8').toString('latin1');
    const input = read('PUT', '/b/k', {
      'x-amz-meta-a': 'A',
      'x-amz-meta-__proto__': 'p',
      'x-amz-meta-u': latin1,
      'x-amz-met': 'no',
    });
    expect(Object.entries(input['Metadata'] as object)).toEqual([
      ['a', 'A'],
      ['__proto__', 'p'],
      ['u', 'größe'],
    ]);
    const value = 'x'.repeat(limits.metadata - 1);
    expect(read('PUT', '/b/k', { 'x-amz-meta-a': value })['Metadata']).toEqual({ a: value });
    expect(refusal(() => read('PUT', '/b/k', { 'x-amz-meta-a': `${value}x` }))).toMatchObject({
      code: 'MetadataTooLarge',
      extras: { Size: '2049', MaxSizeAllowed: '2048' },
    });
  });

  it('bounds keys by their bytes', () => {
    expect(read('GET', `/b/${'%C3%A9'.repeat(512)}`)['Key']).toBe('é'.repeat(512));
    expect(refusal(() => read('GET', `/b/${'%C3%A9'.repeat(512)}a`))).toMatchObject({
      code: 'KeyTooLongError',
      extras: { Size: '1025', MaxSizeAllowed: '1024' },
    });
  });

  it('hands SSE-C keys over as they came', () => {
    const key = Buffer.alloc(32, 7).toString('base64');
    expect(read('GET', '/b/k', { 'x-amz-server-side-encryption-customer-key': key })['SSECustomerKey']).toBe(key);
  });
});

describe('what a codec says of its operation', () => {
  it('tells how the body is read and how large it may be', () => {
    const facts = (name: string): unknown => {
      const { inputBody, inputStream, outputStream, maxBody, success } = codecFor('s3', name);
      return { inputBody, inputStream, outputStream, maxBody, success };
    };
    expect(facts('PutObject')).toEqual({
      inputBody: 'streaming',
      inputStream: 'Body',
      outputStream: undefined,
      maxBody: 0,
      success: 200,
    });
    expect(facts('GetObject')).toEqual({
      inputBody: 'none',
      inputStream: undefined,
      outputStream: 'Body',
      maxBody: 0,
      success: 200,
    });
    expect(facts('DeleteObjects')).toMatchObject({ inputBody: 'whole', maxBody: limits.largeBody });
    expect(facts('PutBucketPolicy')).toMatchObject({ inputBody: 'whole', maxBody: limits.body });
    expect(facts('DeleteBucket')).toMatchObject({ inputBody: 'none', success: 204 });
    expect(facts('PostObject')).toMatchObject({ inputBody: 'streaming', success: 204 });
  });

  it('is compiled once, and refuses a name that AWS does not have', () => {
    expect(codecFor('s3', 'GetObject')).toBe(codecFor('s3', 'GetObject'));
    expect(() => codecFor('s3', 'constructor')).toThrow(RangeError);
  });
});

describe('S3 answers', () => {
  const write = (name: string, output: Record<string, unknown>) => codecFor('s3', name).writeOutput(output, context);
  const ids = { 'x-amz-request-id': 'R', 'x-amz-id-2': 'H' };

  it('have no type and no body when there is nothing to say', () => {
    expect(write('DeleteBucket', {})).toEqual({ status: 204, headers: ids });
    expect(write('PutObject', { ETag: '"e"' })).toEqual({ status: 200, headers: { ...ids, ETag: '"e"' } });
  });

  it('write an empty document where AWS does', () => {
    expect(write('GetBucketVersioning', {}).body).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>',
    );
  });

  it('write the location directly into the root', () => {
    const root = 'LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
    expect(write('GetBucketLocation', { LocationConstraint: 'eu-west-1' }).body).toContain(
      `\n<${root}>eu-west-1</LocationConstraint>`,
    );
    expect(write('GetBucketLocation', {}).body).toContain(`\n<${root}/>`);
  });

  it('write dates with milliseconds in bodies and as HTTP dates in headers, from Date or ISO text', () => {
    for (const LastModified of [new Date(0), '1970-01-01T00:00:00.000Z']) {
      expect(write('ListObjectsV2', { Contents: [{ Key: 'k', LastModified }] }).body).toContain(
        '<LastModified>1970-01-01T00:00:00.000Z</LastModified>',
      );
      expect(write('HeadObject', { LastModified }).headers['Last-Modified']).toBe('Thu, 01 Jan 1970 00:00:00 GMT');
    }
    expect(() => write('HeadObject', { LastModified: 'never' })).toThrow(TypeError);
  });

  it('write what XML cannot hold as references', () => {
    expect(write('ListObjectsV2', { Contents: [{ Key: '\r\n\t\u0001\u001f\u007f<&>"\'' }] }).body).toContain(
      '<Key>&#13;&#xA;\t&#x1;&#x1F;&#x7F;&lt;&amp;&gt;&quot;&apos;</Key>',
    );
  });

  it('write the type of a grantee as an attribute', () => {
    const Grants = [{ Grantee: { Type: 'CanonicalUser', ID: 'i' }, Permission: 'READ' }];
    expect(write('GetBucketAcl', { Grants }).body).toContain(
      '<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>i</ID></Grantee><Permission>READ</Permission></Grant>',
    );
  });

  it('serve policies as JSON', () => {
    expect(write('GetBucketPolicy', { Policy: '{}' })).toMatchObject({
      body: '{}',
      headers: { 'Content-Type': 'application/json' },
    });
  });

  it('never let a value break out of its header', () => {
    const { headers } = write('GetObject', {
      ContentDisposition: 'a\r\nSet-Cookie: x',
      Metadata: { a: 'b\nc', u: 'größe' },
      ContentLanguage: 'größe',
    });
    expect(headers['Content-Disposition']).toBe('a  Set-Cookie: x');
    expect(headers['x-amz-meta-a']).toBe('b c');
    expect(headers['x-amz-meta-u']).toBe(`=?UTF-8?B?${Buffer.from('größe').toString('base64')}?=`);
    expect(Buffer.from(String(headers['Content-Language']), 'latin1').toString('utf8')).toBe('größe');
  });

  it('send the raw Expires of an object where there is one', () => {
    expect(write('GetObject', { Expires: new Date(0), ExpiresString: 'soon' }).headers).toMatchObject({
      Expires: 'soon',
    });
    expect(write('GetObject', { ExpiresString: 'soon' }).headers).not.toHaveProperty('ExpiresString');
  });
});
