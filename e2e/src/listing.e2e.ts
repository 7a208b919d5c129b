import { ListObjectsCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { newBucket } from './harness/buckets.ts';
import { s3 } from './harness/clients.ts';
import { expectRefused } from './harness/failures.ts';
import { call } from './harness/sign.ts';
import { present } from './harness/stack.ts';

const client = present ? s3() : (undefined as never);

/** In the order in which S3 lists them: by the bytes of their UTF-8. */
const KEYS = [
  'a',
  'a/',
  'a/1',
  'a/2/x',
  'a/2/y',
  'a!',
  'b//c',
  'photos/2025/jan.jpg',
  'photos/2025/feb.jpg',
  'photos/2026/jan.jpg',
  'photos/index',
  'z',
  'Z',
  'ä',
  '\u{1F600}',
  '\uFFFD',
].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** What the rules of ListObjects say, computed the slow and obvious way. */
function model(prefix: string, delimiter: string, after = ''): string[] {
  const seen = new Set<string>();
  for (const key of KEYS) {
    if (!key.startsWith(prefix)) continue;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const entry = cut < 0 ? key : key.slice(0, cut + delimiter.length);
    if (Buffer.compare(Buffer.from(cut < 0 ? key : entry), Buffer.from(after)) > 0) seen.add(entry);
  }
  return [...seen];
}

describe.runIf(present)('listing', () => {
  let bucket: string;
  beforeAll(async () => {
    bucket = await newBucket({ purpose: 'list' });
    await Promise.all(KEYS.map((Key) => client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key }))));
  });

  const cases = ['', 'a', 'a/', 'photos/', 'photos/2025', 'nothing', 'b/'].flatMap((prefix) =>
    ['', '/', '20', 'a/'].flatMap((delimiter) => [1, 3, 1000].map((max) => [prefix, delimiter, max] as const)),
  );

  it.each(cases)('v2 prefix %j delimiter %j by %i', async (Prefix, Delimiter, MaxKeys) => {
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix,
          ...(Delimiter && { Delimiter }),
          MaxKeys,
          ContinuationToken: token,
        }),
      );
      const entries = [
        ...(page.Contents ?? []).map(({ Key }) => Key!),
        ...(page.CommonPrefixes ?? []).map((group) => group.Prefix!),
      ].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(page.KeyCount).toBe(entries.length);
      expect(entries.length).toBeLessThanOrEqual(MaxKeys);
      seen.push(...entries);
      token = page.NextContinuationToken;
      expect(page.IsTruncated).toBe(token !== undefined);
    } while (token !== undefined);
    expect(seen).toEqual(model(Prefix, Delimiter));
  });

  it.each(cases.filter(([, , max]) => max === 3))(
    'v1 prefix %j delimiter %j by %i',
    async (Prefix, Delimiter, MaxKeys) => {
      const seen: string[] = [];
      let marker: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsCommand({ Bucket: bucket, Prefix, ...(Delimiter && { Delimiter }), MaxKeys, Marker: marker }),
        );
        const entries = [
          ...(page.Contents ?? []).map(({ Key }) => Key!),
          ...(page.CommonPrefixes ?? []).map((group) => group.Prefix!),
        ].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        seen.push(...entries);
        if (Delimiter === '') expect(page.NextMarker).toBeUndefined();
        marker = page.IsTruncated ? (page.NextMarker ?? entries.at(-1)) : undefined;
      } while (marker !== undefined);
      expect(seen).toEqual(model(Prefix, Delimiter));
    },
  );

  it('StartAfter begins behind a key, whether or not it is there', async () => {
    for (const StartAfter of ['a/1', 'a/15', 'photos/', 'zzz']) {
      const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, StartAfter }));
      expect(page.StartAfter).toBe(StartAfter);
      expect((page.Contents ?? []).map(({ Key }) => Key)).toEqual(model('', '', StartAfter));
    }
  });

  it('tells of each object', async () => {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: 'photos/index', FetchOwner: true }),
    );
    expect(page).toMatchObject({ Name: bucket, Prefix: 'photos/index', MaxKeys: 1000, IsTruncated: false });
    expect(page.Contents).toMatchObject([
      { Key: 'photos/index', Size: 12, StorageClass: 'STANDARD', ETag: expect.stringMatching(/^"[0-9a-f]{32}"$/) },
    ]);
    expect(page.Contents![0]!.Owner?.ID).toMatch(/^[0-9a-f]{64}$/);
    const quiet = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'photos/index' }));
    expect(quiet.Contents![0]!.Owner).toBeUndefined();
    const v1 = await client.send(new ListObjectsCommand({ Bucket: bucket, Prefix: 'photos/index' }));
    expect(v1.Contents![0]!.Owner?.ID).toMatch(/^[0-9a-f]{64}$/);
  });

  it('encoding-type=url encodes keys, prefixes and delimiters', async () => {
    const answer = await call({
      path: `/${bucket}`,
      query: { 'list-type': '2', 'encoding-type': 'url', delimiter: '/', prefix: 'b/' },
    });
    expect(answer.text).toContain('<EncodingType>url</EncodingType>');
    // The slash stays, as in a URL's path.
    expect(answer.text).toContain('<Prefix>b/</Prefix>');
    expect(answer.text).toContain('<Prefix>b//</Prefix>');
    const keys = await call({ path: `/${bucket}`, query: { 'list-type': '2', 'encoding-type': 'url', prefix: 'ä' } });
    expect(keys.text).toContain('<Key>%C3%A4</Key>');
    const other = await call({ path: `/${bucket}`, query: { 'list-type': '2', 'encoding-type': 'base64' } });
    expect([other.status, other.error['Code']]).toEqual([400, 'InvalidArgument']);
    expect(other.error['Message']).toBe('Invalid Encoding Method specified in Request');
  });

  it('a page of none is empty and complete', async () => {
    const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 0 }));
    expect([page.KeyCount, page.IsTruncated, page.Contents]).toEqual([0, false, undefined]);
  });

  it('refuses what it cannot read', async () => {
    for (const max of ['-1', 'x', '99999999999']) {
      const answer = await call({ path: `/${bucket}`, query: { 'list-type': '2', 'max-keys': max } });
      expect([answer.status, answer.error['Code'], answer.error['ArgumentName']], max).toEqual([
        400,
        'InvalidArgument',
        'max-keys',
      ]);
    }
    await expectRefused(
      client.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: 'nonsense' })),
      400,
      'InvalidArgument',
      'The continuation token provided is incorrect',
    );
    const many = await client.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 5000 }));
    expect(many.Contents).toHaveLength(KEYS.length);
    await expectRefused(
      client.send(new ListObjectsV2Command({ Bucket: 'no-such-bucket-at-all-7d1' })),
      404,
      'NoSuchBucket',
    );
  });

  it('2,100 keys come in pages of a thousand', async () => {
    const own = await newBucket({ purpose: 'many' });
    const names = Array.from({ length: 2_100 }, (_, n) => `key-${String(n).padStart(5, '0')}`);
    const waiting = [...names];
    await Promise.all(
      Array.from({ length: 24 }, async () => {
        for (let Key = waiting.pop(); Key !== undefined; Key = waiting.pop()) {
          await client.send(new PutObjectCommand({ Bucket: own, Key, Body: 'x' }));
        }
      }),
    );
    const sizes: number[] = [];
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const page = await client.send(new ListObjectsV2Command({ Bucket: own, ContinuationToken: token }));
      sizes.push(page.KeyCount!);
      seen.push(...page.Contents!.map(({ Key }) => Key!));
      token = page.NextContinuationToken;
    } while (token);
    expect(sizes).toEqual([1000, 1000, 100]);
    expect(seen).toEqual(names);
  });
});
