import { describe, expect, it } from 'vitest';
import { parseCopySource } from './copy-source.ts';

describe('parseCopySource', () => {
  it.each<[string, string, string, string | undefined]>([
    ['bucket/key', 'bucket', 'key', undefined],
    ['/bucket/key', 'bucket', 'key', undefined],
    ['bucket/a/b//c', 'bucket', 'a/b//c', undefined],
    ['/bucket//key', 'bucket', '/key', undefined],
    ['bucket/a%20b%2Bc+d', 'bucket', 'a b+c+d', undefined],
    ['bucket%2Fkey', 'bucket', 'key', undefined],
    ['bucket/%C3%BC', 'bucket', 'ü', undefined],
    ['bucket/what%3FversionId=x', 'bucket', 'what?versionId=x', undefined],
    ['bucket/key?versionId=abc', 'bucket', 'key', 'abc'],
    ['bucket/key?versionId=null', 'bucket', 'key', 'null'],
    ['bucket/key?versionId=a%2Fb', 'bucket', 'key', 'a/b'],
  ])('reads %s', (header, bucket, key, versionId) => {
    expect(parseCopySource(header)).toEqual({ bucket, key, versionId });
  });

  it.each([
    undefined,
    '',
    '/',
    'bucket',
    '/bucket',
    'bucket/',
    '//key',
    'bucket/%zz',
    'bucket/key?versionId=%zz',
    // A version that is not understood must not become the newest one.
    'bucket/key?',
    'bucket/key?versionId',
    'bucket/key?versionId=',
    'bucket/key?foo=1&versionId=abc',
    'bucket/key?versionid=abc',
  ])('refuses %s', (header) => {
    expect(() => parseCopySource(header)).toThrow(
      expect.objectContaining({
        code: 'InvalidArgument',
        status: 400,
        message: 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      }),
    );
  });
});
