import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { WireError } from '../wire-error.ts';
import { queryAction, resolveQuery } from './query-action.ts';
import { route } from './route.ts';
import type { RequestHeaders, Route } from './types.ts';

const hosts = ['s3.localhost', 'storage.example'];

function s3(method: string, target: string, headers: RequestHeaders = {}): Route {
  return route({ method, target, headers: { host: '127.0.0.1:9010', ...headers } }, { hosts, credentialService: 's3' });
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

const copy = { 'x-amz-copy-source': '/b/k' };
const form = { 'content-type': 'multipart/form-data; boundary=x' };

describe('S3, path style', () => {
  it.each<[string, string, RequestHeaders, string]>([
    ['GET', '/', {}, 'ListBuckets'],
    ['GET', '/?x-id=ListBuckets', {}, 'ListBuckets'],
    ['GET', '/?max-buckets=5', {}, 'ListBuckets'],
    ['GET', '/b', {}, 'ListObjects'],
    ['GET', '/b/?prefix=a', {}, 'ListObjects'],
    ['GET', '/b?list-type=2', {}, 'ListObjectsV2'],
    ['GET', '/b?versions', {}, 'ListObjectVersions'],
    ['GET', '/b?versions=&prefix=x', {}, 'ListObjectVersions'],
    ['GET', '/b?uploads', {}, 'ListMultipartUploads'],
    ['HEAD', '/b', {}, 'HeadBucket'],
    ['PUT', '/b', {}, 'CreateBucket'],
    ['DELETE', '/b', {}, 'DeleteBucket'],
    ['POST', '/b?delete', {}, 'DeleteObjects'],
    ['POST', '/b', form, 'PostObject'],
    ['POST', '/b/', form, 'PostObject'],
    ['GET', '/b?location', {}, 'GetBucketLocation'],
    ['GET', '/b?versioning', {}, 'GetBucketVersioning'],
    ['PUT', '/b?versioning', {}, 'PutBucketVersioning'],
    ['GET', '/b?policy', {}, 'GetBucketPolicy'],
    ['PUT', '/b?policy', {}, 'PutBucketPolicy'],
    ['DELETE', '/b?policy', {}, 'DeleteBucketPolicy'],
    ['GET', '/b?policyStatus', {}, 'GetBucketPolicyStatus'],
    ['GET', '/b?cors', {}, 'GetBucketCors'],
    ['PUT', '/b?publicAccessBlock', {}, 'PutPublicAccessBlock'],
    ['GET', '/b?object-lock', {}, 'GetObjectLockConfiguration'],
    ['GET', '/b?encryption', {}, 'GetBucketEncryption'],
    ['PUT', '/b?lifecycle', {}, 'PutBucketLifecycleConfiguration'],
    ['DELETE', '/b?lifecycle', {}, 'DeleteBucketLifecycle'],
    ['GET', '/b?logging', {}, 'GetBucketLogging'],
    ['GET', '/b?ownershipControls', {}, 'GetBucketOwnershipControls'],
    ['GET', '/b?replication', {}, 'GetBucketReplication'],
    ['GET', '/b?website', {}, 'GetBucketWebsite'],
    ['GET', '/b?notification', {}, 'GetBucketNotificationConfiguration'],
    ['GET', '/b?acl', {}, 'GetBucketAcl'],
    ['GET', '/b?tagging', {}, 'GetBucketTagging'],
    ['GET', '/b?inventory', {}, 'ListBucketInventoryConfigurations'],
    ['GET', '/b?inventory&id=x', {}, 'GetBucketInventoryConfiguration'],
    ['GET', '/b/k', {}, 'GetObject'],
    ['GET', '/b/k?partNumber=2', {}, 'GetObject'],
    ['GET', '/b/k?versionId=v&x-id=GetObject', {}, 'GetObject'],
    ['GET', '/b/k?X-Amz-Signature=x&response-content-type=y', {}, 'GetObject'],
    ['HEAD', '/b/k', {}, 'HeadObject'],
    ['PUT', '/b/k', {}, 'PutObject'],
    ['PUT', '/b/k', copy, 'CopyObject'],
    ['PUT', '/b/k?partNumber=1&uploadId=u', {}, 'UploadPart'],
    ['PUT', '/b/k?partNumber=1&uploadId=u', copy, 'UploadPartCopy'],
    ['PUT', '/b/k?acl', copy, 'PutObjectAcl'],
    ['DELETE', '/b/k', {}, 'DeleteObject'],
    ['DELETE', '/b/k?uploadId=u', {}, 'AbortMultipartUpload'],
    ['POST', '/b/k?uploads', {}, 'CreateMultipartUpload'],
    ['POST', '/b/k?uploadId=u', {}, 'CompleteMultipartUpload'],
    ['GET', '/b/k?uploadId=u', {}, 'ListParts'],
    ['GET', '/b/k?attributes', {}, 'GetObjectAttributes'],
    ['GET', '/b/k?acl', {}, 'GetObjectAcl'],
    ['GET', '/b/k?tagging&versionId=v', {}, 'GetObjectTagging'],
    ['PUT', '/b/k?tagging', {}, 'PutObjectTagging'],
    ['DELETE', '/b/k?tagging', {}, 'DeleteObjectTagging'],
    ['PUT', '/b/k?legal-hold', {}, 'PutObjectLegalHold'],
    ['GET', '/b/k?retention', {}, 'GetObjectRetention'],
    ['GET', '/b/k?torrent', {}, 'GetObjectTorrent'],
    ['POST', '/b/k?restore', {}, 'RestoreObject'],
    ['POST', '/b/k?select&select-type=2', {}, 'SelectObjectContent'],
  ])('%s %s %j is %s', (method, target, headers, operation) => {
    expect(s3(method, target, headers).operation).toBe(operation);
  });

  it.each<[string, string | undefined, string | undefined]>([
    ['/', undefined, undefined],
    ['/b', 'b', undefined],
    ['/b/', 'b', undefined],
    ['/b//', 'b', '/'],
    ['/b//x', 'b', '/x'],
    ['/b/a//b/', 'b', 'a//b/'],
    ['/b/../../etc', 'b', '../../etc'],
    ['/b/./a', 'b', './a'],
    ['/b/a%2Fb', 'b', 'a/b'],
    ['/b/a+b', 'b', 'a+b'],
    ['/b/a%2Bb%20c', 'b', 'a+b c'],
    ['/b/%E6%BC%A2%F0%9F%98%80', 'b', '漢😀'],
    ['/b/\u00e6\u00bc\u00a2', 'b', '漢'],
    ['/b/%01%0D', 'b', '\u0001\r'],
    ['/UPPER_case..bucket/k', 'UPPER_case..bucket', 'k'],
  ])('%s is bucket %s, key %s', (target, bucket, key) => {
    const found = s3('GET', target);
    expect([found.bucket, found.key]).toEqual([bucket, key]);
    expect(found.virtualHost).toBe(false);
  });

  it('of a repeated parameter takes the first value, and keeps all in order', () => {
    const found = s3('GET', '/b?prefix=a+b&prefix=c%26&marker');
    expect(found.query.get('prefix')).toBe('a b');
    expect(found.pairs).toEqual([
      ['prefix', 'a b'],
      ['prefix', 'c&'],
      ['marker', ''],
    ]);
  });

  it('routes OPTIONS as a preflight with its bucket and key', () => {
    expect(s3('OPTIONS', '/b/k?uploads')).toMatchObject({
      operation: 'Preflight',
      isPreflight: true,
      bucket: 'b',
      key: 'k',
    });
  });

  it.each<[string, string, RequestHeaders, string, number]>([
    ['GET', '/b/%zz', {}, 'InvalidURI', 400],
    ['GET', '/b/%E6%BC', {}, 'InvalidURI', 400],
    ['GET', '/b/%C0%AF', {}, 'InvalidURI', 400],
    ['GET', '/b/a%2', {}, 'InvalidURI', 400],
    ['GET', '/b?prefix=%ff', {}, 'InvalidURI', 400],
    ['GET', '//k', {}, 'InvalidURI', 400],
    ['GET', 'http://other/b', {}, 'InvalidURI', 400],
    ['OPTIONS', '*', {}, 'InvalidURI', 400],
    ['GET', '/b?acl&policy', {}, 'InvalidArgument', 400],
    ['POST', '/b', {}, 'PreconditionFailed', 412],
    ['POST', '/b/k', {}, 'MethodNotAllowed', 405],
    ['PUT', '/', {}, 'MethodNotAllowed', 405],
    ['PATCH', '/b/k', {}, 'MethodNotAllowed', 405],
    ['PUT', '/b?location', {}, 'MethodNotAllowed', 405],
    ['DELETE', '/b?uploadId=u', {}, 'MethodNotAllowed', 405],
    ['HEAD', '/b/k?uploadId=u', {}, 'MethodNotAllowed', 405],
    ['GET', '/b/k?policy', {}, 'InvalidRequest', 400],
    ['PUT', '/b/k?partNumber=1', {}, 'InvalidRequest', 400],
    ['PUT', '/b/k?uploadId=u', {}, 'InvalidRequest', 400],
    ['PUT', '/b?inventory', {}, 'InvalidRequest', 400],
  ])('refuses %s %s %j with %s', (method, target, headers, code, status) => {
    expect(refusal(() => s3(method, target, headers))).toMatchObject({ code, status, api: 's3' });
  });

  it('names what is wrong', () => {
    expect(refusal(() => s3('PUT', '/')).extras).toEqual({ Method: 'PUT', ResourceType: 'SERVICE' });
    expect(refusal(() => s3('GET', '/b?policy&acl'))).toMatchObject({
      message: 'Conflicting query string parameters: acl, policy',
      extras: { ArgumentName: 'ResourceType', ArgumentValue: 'acl' },
    });
  });

  it('bounds headers and parameters', () => {
    const fits = { 'x-amz-meta-a': 'x'.repeat(limits.headerSection - 100) };
    expect(s3('PUT', '/b/k', fits).operation).toBe('PutObject');
    const tooMany = { 'x-amz-meta-a': 'x'.repeat(limits.headerSection) };
    expect(refusal(() => s3('PUT', '/b/k', tooMany)).code).toBe('RequestHeaderSectionTooLarge');
    expect(refusal(() => s3('GET', `/b?${'a&'.repeat(limits.parameters + 1)}`)).code).toBe('InvalidURI');
  });
});

describe('S3, virtual host', () => {
  it.each<[string, string, string | undefined, string | undefined, boolean]>([
    ['b.s3.localhost', '/k', 'b', 'k', true],
    ['b.s3.localhost:9011', '/', 'b', undefined, true],
    ['B.S3.Localhost', '/k/l', 'b', 'k/l', true],
    ['a.b.s3.localhost', '//k', 'a.b', '/k', true],
    ['b.storage.example', '/k', 'b', 'k', true],
    ['s3.localhost', '/b/k', 'b', 'k', false],
    ['notours3.localhost', '/b/k', 'b', 'k', false],
    ['.s3.localhost', '/b/k', 'b', 'k', false],
    ['[::1]:9010', '/b/k', 'b', 'k', false],
  ])('%s %s is bucket %s, key %s', (host, target, bucket, key, virtualHost) => {
    const found = s3('GET', target, { host });
    expect([found.bucket, found.key, found.virtualHost]).toEqual([bucket, key, virtualHost]);
  });

  it('takes the longest base name', () => {
    const options = { hosts: ['localhost', 's3.localhost'] };
    expect(route({ method: 'GET', target: '/', headers: { host: 'b.s3.localhost' } }, options).bucket).toBe('b');
  });
});

describe('the other APIs', () => {
  const any = (method: string, target: string, headers: RequestHeaders, service?: string): Route =>
    route({ method, target, headers }, { hosts, ...(service === undefined ? {} : { credentialService: service }) });

  it('reads the operation from the last segment of X-Amz-Target', () => {
    expect(any('POST', '/', { 'x-amz-target': 'TrentService.CreateKey' }, 'kms')).toMatchObject({
      api: 'kms',
      operation: 'CreateKey',
    });
    for (const target of [
      'CloudTrail_20131101.LookupEvents',
      'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents',
    ]) {
      expect(any('POST', '/', { 'x-amz-target': target }, 'cloudtrail')).toMatchObject({
        api: 'cloudtrail',
        operation: 'LookupEvents',
      });
      expect(any('POST', '/', { 'x-amz-target': target })).toMatchObject({ api: 'cloudtrail' });
    }
    expect(refusal(() => any('POST', '/', { 'x-amz-target': 'TrentService.Nope' }, 'kms'))).toMatchObject({
      code: 'UnknownOperationException',
      api: 'kms',
    });
    expect(refusal(() => any('POST', '/', { 'x-amz-target': 'TrentService.constructor' }, 'kms')).code).toBe(
      'UnknownOperationException',
    );
  });

  it('lets the signed service decide, not the looks', () => {
    expect(any('PUT', '/v20180820/k', { 'x-amz-target': 'TrentService.CreateKey' }, 's3')).toMatchObject({
      api: 's3',
      bucket: 'v20180820',
    });
    expect(any('GET', '/123456789012/vaults', {}, 's3')).toMatchObject({ api: 's3', operation: 'GetObject' });
    expect(any('GET', '/123456789012/vaults', {}, 'glacier')).toMatchObject({
      api: 'glacier',
      operation: 'ListVaults',
      accountId: '123456789012',
    });
    expect(any('GET', '/b', {}, 'ec2')).toMatchObject({ api: 's3' });
  });

  it('routes Glacier and S3 Control by their paths', () => {
    expect(any('POST', '/-/vaults/v/tags?operation=remove', {}, 'glacier')).toMatchObject({
      operation: 'RemoveTagsFromVault',
      accountId: '-',
    });
    expect(any('GET', '/-/vaults/v/jobs/j/output', { 'x-amz-glacier-version': '2012-06-01' })).toMatchObject({
      operation: 'GetJobOutput',
    });
    const control = { 'x-amz-account-id': '123456789012' };
    expect(any('GET', '/v20180820/configuration/publicAccessBlock', control, 's3')).toMatchObject({
      api: 's3-control',
      operation: 'GetPublicAccessBlock',
      accountId: '123456789012',
    });
    const tags = any('GET', '/v20180820/tags/arn%3Aaws%3As3%3A%3A%3Ab/c', control, 's3');
    expect(tags.labels.get('ResourceArn')).toBe('arn:aws:s3:::b/c');
    expect(any('GET', '/v20180820/mrap/instances/a/policy', control, 's3').operation).toBe(
      'GetMultiRegionAccessPointPolicy',
    );
    expect(refusal(() => any('GET', '/v20180820/nothing', control, 's3'))).toMatchObject({
      api: 's3-control',
      status: 405,
    });
  });

  const urlencoded = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };

  it('reads a query action from the body, and checks it against the signature', () => {
    const post = any('POST', '/', urlencoded, 'iam');
    expect(post).toMatchObject({ api: 'iam', operation: '' });
    expect(resolveQuery(post, 'Action=CreateUser&Version=2010-05-08&UserName=a', true).operation).toBe('CreateUser');
    expect(queryAction(Buffer.from('Action=A%20b&Version=1'))).toEqual({ action: 'A b', version: '1' });
    expect(refusal(() => resolveQuery(post, 'Action=GetCallerIdentity&Version=2011-06-15', true))).toMatchObject({
      code: 'InvalidAction',
      api: 'iam',
    });
    expect(refusal(() => resolveQuery(post, 'Action=Nope&Version=2010-05-08', true)).message).toBe(
      'Could not find operation Nope for version 2010-05-08',
    );
    expect(refusal(() => resolveQuery(post, 'Action=%zz', true)).code).toBe('MalformedQueryString');
  });

  it('decides an unsigned form by its version, and a presigned GET by its query string', () => {
    const post = any('POST', '/', urlencoded);
    expect(resolveQuery(post, 'Action=AssumeRoleWithWebIdentity&Version=2011-06-15', false)).toMatchObject({
      api: 'sts',
      operation: 'AssumeRoleWithWebIdentity',
    });
    expect(resolveQuery(post, 'Action=ListUsers&Version=2010-05-08', false).api).toBe('iam');
    expect(any('GET', '/?Action=GetCallerIdentity&Version=2011-06-15', {}, 'sts')).toMatchObject({
      api: 'sts',
      operation: 'GetCallerIdentity',
    });
  });
});
