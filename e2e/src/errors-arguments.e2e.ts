import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { newBucket } from './harness/buckets.ts';
import { bucketWithK, expectAbsent, said } from './harness/errors.ts';
import type { Signing } from './harness/sign.ts';
import { call } from './harness/sign.ts';
import { present } from './harness/stack.ts';

const GiB = 1024 ** 3;
const NONE = 'x'.repeat(32);

const withMd5 = (body: string) => ({
  body,
  headers: { 'content-md5': createHash('md5').update(body).digest('base64') },
});
const versioning = (inner: string) => withMd5(`<VersioningConfiguration>${inner}</VersioningConfiguration>`);
const tagging = (tags: [string, string][]) =>
  withMd5(
    `<Tagging><TagSet>${tags.map(([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`).join('')}</TagSet></Tagging>`,
  );
const tags = (count: number) => Array.from({ length: count }, (_, n): [string, string] => [`key${n}`, 'v']);
const deletion = (count: number) => withMd5(`<Delete>${'<Object><Key>absent</Key></Object>'.repeat(count)}</Delete>`);
const put = (headers: Record<string, string>, more: Partial<Signing> = {}): Partial<Signing> => ({
  method: 'PUT',
  body: 'body',
  headers,
  ...more,
});

/** Title, the refusal that AWS gives, the path below the bucket, the request. */
type Case = readonly [title: string, expected: string, path: string, signing: Partial<Signing>];

const OF_OBJECTS: Case[] = [
  ['a storage class that is none', '400 InvalidStorageClass', '/new', put({ 'x-amz-storage-class': 'WARM' })],
  ['an encryption that is none', '400 InvalidArgument', '/new', put({ 'x-amz-server-side-encryption': 'ROT13' })],
  ['an encryption by a KMS key', '501 NotImplemented', '/new', put({ 'x-amz-server-side-encryption': 'aws:kms' })],
  [
    'a key of KMS without aws:kms',
    '400 InvalidArgument',
    '/new',
    put({ 'x-amz-server-side-encryption-aws-kms-key-id': 'alias/a' }),
  ],
  [
    'a lock where no bucket has one',
    '400 InvalidRequest',
    '/new',
    put({ 'x-amz-object-lock-mode': 'GOVERNANCE', 'x-amz-object-lock-retain-until-date': '2099-01-01T00:00:00Z' }),
  ],
  ['a Content-MD5 that is none', '400 InvalidDigest', '/new', put({ 'content-md5': 'nonsense' })],
  ['a Content-MD5 of another body', '400 BadDigest', '/new', put(withMd5('other').headers)],
  ['an ACL that is none', '400 InvalidArgument', '/new', put({ 'x-amz-acl': 'mine' })],
  ['an ACL for others', '400 AccessControlListNotSupported', '/new', put({ 'x-amz-acl': 'public-read' })],
  [
    'eleven tags in the header',
    '400 BadRequest',
    '/new',
    put({ 'x-amz-tagging': new URLSearchParams(tags(11)).toString() }),
  ],
  ['a tag twice in the header', '400 InvalidArgument', '/new', put({ 'x-amz-tagging': 'a=1&a=2' })],
  ['eleven tags', '400 BadRequest', '/k', { method: 'PUT', query: { tagging: '' }, ...tagging(tags(11)) }],
  [
    'a tag twice',
    '400 InvalidTag',
    '/k',
    {
      method: 'PUT',
      query: { tagging: '' },
      ...tagging([
        ['a', '1'],
        ['a', '2'],
      ]),
    },
  ],
  ['a tag of aws', '400 InvalidTag', '/k', { method: 'PUT', query: { tagging: '' }, ...tagging([['aws:a', '1']]) }],
  ['tags of no object', '404 NoSuchKey', '/none', { query: { tagging: '' } }],
  ['tags without a body', '400 MissingRequestBodyError', '/k', { method: 'PUT', query: { tagging: '' } }],
  ['a range beyond the end', '416 InvalidRange', '/k', { headers: { range: 'bytes=1-' } }],
  ['part 2 of an object without parts', '416 InvalidPartNumber', '/k', { query: { partNumber: '2' } }],
  ['part 0', '400 InvalidArgument', '/k', { query: { partNumber: '0' } }],
  ['a version id that is none', '400 InvalidArgument', '/k', { query: { versionId: 'nonsense' } }],
  [
    'attributes of none',
    '404 NoSuchKey',
    '/none',
    { query: { attributes: '' }, headers: { 'x-amz-object-attributes': 'ETag' } },
  ],
  [
    'an expected owner that is none',
    '400 InvalidBucketOwnerAWSAccountID',
    '/k',
    { headers: { 'x-amz-expected-bucket-owner': '12' } },
  ],
  [
    'an expected owner who is another',
    '403 AccessDenied',
    '/k',
    { headers: { 'x-amz-expected-bucket-owner': '000000000001' } },
  ],
  [
    'a copy source that is none',
    '400 InvalidArgument',
    '/new',
    { method: 'PUT', headers: { 'x-amz-copy-source': 'nonsense' } },
  ],
  ['parts of no upload', '404 NoSuchUpload', '/new', { query: { uploadId: NONE } }],
  ['a part of no upload', '404 NoSuchUpload', '/new', put({}, { query: { uploadId: NONE, partNumber: '1' } })],
  ['an end of no upload', '404 NoSuchUpload', '/new', { method: 'DELETE', query: { uploadId: NONE } }],
  [
    'a completion of no upload',
    '404 NoSuchUpload',
    '/new',
    {
      method: 'POST',
      query: { uploadId: NONE },
      body: '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"a"</ETag></Part></CompleteMultipartUpload>',
    },
  ],
  ['a completion without a part', '400 InvalidRequest', '/new', { method: 'POST', query: { uploadId: NONE } }],
];

const OF_BUCKETS: Case[] = [
  ['a key that is too long', '400 KeyTooLongError', `/${'k'.repeat(1025)}`, {}],
  ['a listing of -1 keys', '400 InvalidArgument', '', { query: { 'list-type': '2', 'max-keys': '-1' } }],
  ['a listing of some keys', '400 InvalidArgument', '', { query: { 'max-keys': 'some' } }],
  ['an encoding that is none', '400 InvalidArgument', '', { query: { 'list-type': '2', 'encoding-type': 'base64' } }],
  [
    'a continuation that is none',
    '400 InvalidArgument',
    '',
    { query: { 'list-type': '2', 'continuation-token': 'nonsense' } },
  ],
  [
    'a version marker without its key',
    '400 InvalidArgument',
    '',
    { query: { versions: '', 'version-id-marker': 'null' } },
  ],
  [
    'a status that is none',
    '400 MalformedXML',
    '',
    { method: 'PUT', query: { versioning: '' }, ...versioning('<Status>enabled</Status>') },
  ],
  [
    'no status',
    '400 IllegalVersioningConfigurationException',
    '',
    { method: 'PUT', query: { versioning: '' }, ...versioning('') },
  ],
  ['no policy', '404 NoSuchBucketPolicy', '', { query: { policy: '' } }],
  ['no CORS', '404 NoSuchCORSConfiguration', '', { query: { cors: '' } }],
  ['CORS without a body', '400 MissingRequestBodyError', '', { method: 'PUT', query: { cors: '' } }],
  ['a deletion of none', '400 MalformedXML', '', { method: 'POST', query: { delete: '' }, ...deletion(0) }],
  ['a deletion of 1001', '400 MalformedXML', '', { method: 'POST', query: { delete: '' }, ...deletion(1001) }],
  [
    'a deletion without a digest',
    '400 InvalidRequest',
    '',
    { method: 'POST', query: { delete: '' }, body: deletion(1).body },
  ],
  [
    'a deletion with another digest',
    '400 BadDigest',
    '',
    { method: 'POST', query: { delete: '' }, ...deletion(1), headers: withMd5('other').headers },
  ],
  ['a bucket with objects', '409 BucketNotEmpty', '', { method: 'DELETE' }],
];

describe.runIf(present)('errors of arguments', () => {
  let bucket: string;
  beforeAll(async () => void (bucket = await bucketWithK()));
  const ask = (path: string, signing: Partial<Signing>) => call({ ...signing, path: `/${bucket}${path}` });

  it.each([...OF_OBJECTS, ...OF_BUCKETS])('%s: %s', async (_, expected, path, signing) => {
    const answer = await ask(path, signing);
    expect(said(answer), answer.text).toBe(expected);
    expect((await call({ path: `/${bucket}/k` })).text).toBe('x');
    if (path === '/new') await expectAbsent(bucket, 'new');
  });

  it('a key of the caller, which holds for nothing that is here', async () => {
    const customer = (prefix: string) => ({
      [`${prefix}-algorithm`]: 'AES256',
      [`${prefix}-key`]: Buffer.alloc(32, 7).toString('base64'),
      [`${prefix}-key-md5`]: createHash('md5').update(Buffer.alloc(32, 7)).digest('base64'),
    });
    const headers = customer('x-amz-server-side-encryption-customer');
    const source = { 'x-amz-copy-source': `/${bucket}/k` };
    const begun = await ask('/new', { method: 'POST', query: { uploads: '' } });
    const query = { uploadId: /<UploadId>([^<]+)</.exec(begun.text)![1]!, partNumber: '1' };
    for (const [expected, path, signing] of [
      ['501 NotImplemented', '/new', put(headers)],
      ['501 NotImplemented', '/new', { method: 'POST', query: { uploads: '' }, headers }],
      ['400 InvalidRequest', '/new', put(headers, { query })],
      ['400 InvalidRequest', '/new', { method: 'PUT', query, headers: { ...headers, ...source } }],
      ['400 InvalidRequest', '/k', { headers }],
      ['400 undefined', '/k', { method: 'HEAD', headers }],
      ['400 InvalidArgument', '/k', { headers: { 'x-amz-server-side-encryption': 'AES256' } }],
      [
        '400 InvalidRequest',
        '/new',
        {
          method: 'PUT',
          headers: { ...source, ...customer('x-amz-copy-source-server-side-encryption-customer') },
        },
      ],
    ] as const) {
      const answer = await ask(path, signing);
      expect(said(answer), `${JSON.stringify(signing)} ${answer.text}`).toBe(expected);
    }
    expect((await ask('/new', { query: { uploadId: query.uploadId } })).text).not.toContain('<Part>');
    await expectAbsent(bucket, 'new');
  });

  it('a body of more than 5 GiB is refused before it is sent', async () => {
    const answer = await ask(
      '/new',
      put({ 'content-length': String(5 * GiB + 1) }, { body: '', contentSha256: 'UNSIGNED-PAYLOAD' }),
    );
    expect(said(answer)).toBe('400 EntityTooLarge');
    await expectAbsent(bucket, 'new');
  });

  it.each([
    ['ab', '400 InvalidBucketName'],
    ['Capitals', '400 InvalidBucketName'],
    ['192.168.5.4', '400 InvalidBucketName'],
    ['xn--name', '400 InvalidBucketName'],
    ['name-s3alias', '400 InvalidBucketName'],
  ])('a bucket named %s: %s', async (name, expected) => {
    expect(said(await call({ method: 'PUT', path: `/${name}` }))).toBe(expected);
  });

  it.each([
    ['a place that is none', '<LocationConstraint>mars-north-1</LocationConstraint>', '400 InvalidLocationConstraint'],
    ['XML that is none', '<LocationConstraint>', '400 MalformedXML'],
  ])('a bucket at %s', async (_, inner, expected) => {
    const body = `<CreateBucketConfiguration>${inner}</CreateBucketConfiguration>`;
    expect(said(await call({ method: 'PUT', path: '/refused-by-its-place', body }))).toBe(expected);
    expect((await call({ method: 'HEAD', path: '/refused-by-its-place' })).status).toBe(404);
  });

  it.each<Record<string, string>>([{}, { 'x-amz-object-ownership': 'BucketOwnerEnforced' }])(
    'a bucket with an ACL, whose owner alone has what is in it: %j',
    async (ownership) => {
      const headers = { 'x-amz-acl': 'public-read', ...ownership };
      expect(said(await call({ method: 'PUT', path: '/refused-by-its-acl', headers }))).toBe(
        '400 InvalidBucketAclWithObjectOwnership',
      );
      expect((await call({ method: 'HEAD', path: '/refused-by-its-acl' })).status).toBe(404);
    },
  );

  it('no public access block, once it was taken away', async () => {
    const open = await newBucket();
    const query = { publicAccessBlock: '' };
    expect((await call({ method: 'DELETE', path: `/${open}`, query })).status).toBe(204);
    expect(said(await call({ path: `/${open}`, query }))).toBe('404 NoSuchPublicAccessBlockConfiguration');
  });
});
