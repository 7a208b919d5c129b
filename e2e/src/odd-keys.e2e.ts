import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { newBucket } from './harness/buckets.ts';
import { python } from './harness/cli.ts';
import { s3 } from './harness/clients.ts';
import { expectRefused } from './harness/failures.ts';
import { call } from './harness/sign.ts';
import { present } from './harness/stack.ts';

const client = present ? s3() : (undefined as never);

const KEYS: readonly string[] = [
  '../up',
  '../../../../etc/passwd',
  './here',
  'a/../b',
  'a/./b',
  '.',
  '..',
  'folder/',
  '/leading',
  '//double//slashes//',
  'with space',
  ' spaces around ',
  'plus+plus',
  'percent%2Fencoded',
  '%',
  '%zz',
  'a?b=c&d',
  'hash#tag',
  'quote\'"<>&',
  'back\\slash',
  'semi;colon,comma=equals:colon@at$dollar!bang*star(paren)',
  '~tilde',
  'ünïcödé',
  'e\u0301 decomposed',
  '\u00e9 composed',
  '日本語/ключ/🎉',
  '\u202eright to left',
  'new\nline',
  'tab\tcarriage\rreturn',
  '\u0001\u001f\u007f',
  'aws',
  'k'.repeat(1024),
  '\u{1F600}'.repeat(256),
];

const encoded = (key: string) =>
  key
    .split('/')
    .map((part) =>
      encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
    )
    .join('/');

describe.runIf(present)('odd keys', () => {
  let bucket: string;
  beforeAll(async () => void (bucket = await newBucket({ purpose: 'odd' })));

  it.each(KEYS.map((key) => [JSON.stringify(key).slice(0, 60), key]))('%s', async (_, Key) => {
    // Signed by the tests themselves: the SDK folds "." and ".." away before it signs.
    const put = await call({ method: 'PUT', path: `/${bucket}/${encoded(Key!)}`, body: `content of ${Key}` });
    expect(put.status, put.text).toBe(200);
    const got = await call({ path: `/${bucket}/${encoded(Key!)}` });
    expect([got.status, got.text]).toEqual([200, `content of ${Key}`]);
    const listed = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: Key, EncodingType: 'url', MaxKeys: 1 }),
    );
    expect(decodeURIComponent(listed.Contents![0]!.Key!.replaceAll('+', ' '))).toBe(Key);
    const copied = await client.send(
      new CopyObjectCommand({ Bucket: bucket, Key: 'copy-of-odd', CopySource: `${bucket}/${encoded(Key!)}` }),
    );
    expect(copied.CopyObjectResult?.ETag).toBe(got.headers['etag']);
  });

  it('are all listed by boto3, and removed by multi-delete', async () => {
    const own = await newBucket({ purpose: 'odd' });
    for (const key of KEYS) await call({ method: 'PUT', path: `/${own}/${encoded(key)}`, body: 'x' });
    const listed = await python(
      `
import boto3, json, sys
pages = boto3.client('s3').get_paginator('list_objects_v2').paginate(Bucket=sys.argv[1], PaginationConfig={'PageSize': 7})
print(json.dumps([o['Key'] for page in pages for o in page['Contents']]))
`,
      { args: [own] },
    );
    const sorted = [...KEYS].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(listed).toEqual(sorted);
    // Characters that XML 1.0 cannot carry are left to single deletes.
    const legal = KEYS.filter((key) => ![...key].some((character) => character < ' ' && !'\t\n\r'.includes(character)));
    const answer = await client.send(
      new DeleteObjectsCommand({ Bucket: own, Delete: { Objects: legal.map((Key) => ({ Key })) } }),
    );
    expect(answer.Errors ?? []).toEqual([]);
    for (const key of KEYS) await call({ method: 'DELETE', path: `/${own}/${encoded(key)}` });
    const left = await client.send(new ListObjectVersionsCommand({ Bucket: own, EncodingType: 'url' }));
    expect(left.Versions ?? []).toEqual([]);
  });

  it('that differ only in their Unicode form or case are different keys', async () => {
    for (const [Key, Body] of [
      ['é', '1'],
      ['e\u0301', '2'],
      ['Case', '3'],
      ['case', '4'],
    ]) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
    }
    const got = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'é' }));
    expect(await got.Body!.transformToString()).toBe('1');
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'Case' }));
    expect(
      await (await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'case' }))).Body!.transformToString(),
    ).toBe('4');
  });

  it('of more than 1024 bytes of UTF-8 are refused', async () => {
    for (const Key of ['k'.repeat(1025), 'ü'.repeat(513)]) {
      const refused = await expectRefused(
        client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' })),
        400,
        'KeyTooLongError',
        'Your key is too long',
      );
      expect(refused.error['MaxSizeAllowed']).toBe('1024');
    }
  });

  it('that are not UTF-8 are refused', async () => {
    const answer = await call({ method: 'PUT', path: `/${bucket}/%ff%fe`, body: 'x' });
    expect([answer.status, answer.error['Code']]).toEqual([400, 'InvalidURI']);
  });
});
