import type { BucketContext } from '@coffer/contracts';
import type { Statement } from '@coffer/database';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testkit/world.ts';
import { flat, grouped } from './list-objects-page.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

const bytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** What a listing holds, by the definition: keys with the prefix, those with a delimiter behind it rolled up. */
function naive(keys: readonly string[], prefix: string, delimiter: string | undefined): string[] {
  const entries = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const at = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
      return at < 0 ? key : `${key.slice(0, at + (delimiter ?? '').length)}|prefix`;
    });
  return [...new Set(entries)].sort((a, b) => bytes(a.replace(/\|prefix$/, ''), b.replace(/\|prefix$/, '')));
}

interface Page {
  Contents: { Key: string }[];
  CommonPrefixes: { Prefix: string }[];
  IsTruncated: boolean;
  KeyCount: number;
  NextContinuationToken?: string;
  NextMarker?: string;
}

function entriesOf(page: Page): string[] {
  return [
    ...page.Contents.map((entry) => entry.Key),
    ...page.CommonPrefixes.map((entry) => `${entry.Prefix}|prefix`),
  ].sort((a, b) => bytes(a.replace(/\|prefix$/, ''), b.replace(/\|prefix$/, '')));
}

async function allPages(bucket: BucketContext, input: Record<string, unknown>, size: number): Promise<string[]> {
  const all: string[] = [];
  let token: string | undefined;
  do {
    const page = (await world.op('ListObjectsV2', {
      Bucket: bucket.name,
      MaxKeys: size,
      ...input,
      ...(token ? { ContinuationToken: token } : {}),
    })) as unknown as Page;
    expect(page.KeyCount).toBe(page.Contents.length + page.CommonPrefixes.length);
    expect(page.KeyCount).toBeLessThanOrEqual(size);
    if (page.IsTruncated) expect(page.KeyCount).toBe(size);
    all.push(...entriesOf(page));
    token = page.NextContinuationToken;
    expect(token !== undefined).toBe(page.IsTruncated);
  } while (token);
  return all;
}

async function allPagesV1(bucket: BucketContext, input: Record<string, unknown>, size: number): Promise<string[]> {
  const all: string[] = [];
  let marker: string | undefined;
  for (;;) {
    const page = (await world.op('ListObjects', {
      Bucket: bucket.name,
      MaxKeys: size,
      ...input,
      ...(marker === undefined ? {} : { Marker: marker }),
    })) as unknown as Page;
    all.push(...entriesOf(page));
    if (!page.IsTruncated) return all;
    marker = page.NextMarker ?? page.Contents.at(-1)?.Key ?? '';
  }
}

const character = fc.constantFrom('a', 'b', '/', 'é', '\u{1F600}', '\uFFFD', '+', ' ', '\u0001');
const key = fc.array(character, { minLength: 1, maxLength: 6 }).map((list) => list.join(''));

describe('listings against the definition', () => {
  it('versions 1 and 2, any prefix, delimiter and page size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { maxLength: 40 }),
        fc.array(character, { maxLength: 2 }).map((list) => list.join('')),
        fc.option(fc.constantFrom('/', 'a', '/a', '\u{1F600}', '\uFFFD'), { nil: undefined }),
        fc.integer({ min: 1, max: 7 }),
        async (keys, prefix, delimiter, size) => {
          const bucket = await world.bucket();
          await Promise.all(keys.map((each) => world.put(bucket, each)));
          const expected = naive(keys, prefix, delimiter);
          const input = { Prefix: prefix, ...(delimiter === undefined ? {} : { Delimiter: delimiter }) };
          expect(await allPages(bucket, input, size)).toEqual(expected);
          expect(await allPagesV1(bucket, input, size)).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  }, 120_000);

  it('start-after shows what lies behind it', async () => {
    const bucket = await world.bucket();
    for (const each of ['a', 'b/1', 'b/2', 'c']) await world.put(bucket, each);
    const list = (input: object) => allPages(bucket, input as Record<string, unknown>, 10);
    expect(await list({ StartAfter: 'a' })).toEqual(['b/1', 'b/2', 'c']);
    expect(await list({ StartAfter: 'b/', Delimiter: '/' })).toEqual(['c']);
    expect(await list({ StartAfter: 'b/1', Delimiter: '/' })).toEqual(['b/|prefix', 'c']);
    expect(await list({ StartAfter: 'zzz' })).toEqual([]);
    expect(await list({ StartAfter: '0', Prefix: 'b' })).toEqual(['b/1', 'b/2']);
  });

  it('versions and markers, newest first, in pages of every size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom('a', 'b', 'b/c', 'b/d', 'e'), fc.boolean()), { maxLength: 20 }),
        fc.option(fc.constant('/'), { nil: undefined }),
        fc.integer({ min: 1, max: 5 }),
        async (steps, delimiter, size) => {
          const bucket = await world.bucket({ versioning: 'Enabled' });
          const model = new Map<string, string[]>();
          for (const [each, isPut] of steps) {
            const id = isPut
              ? (await world.put(bucket, each)).versionId
              : (await world.remove(bucket, [{ key: each }])).results[0]?.versionId;
            model.set(each, [id ?? '', ...(model.get(each) ?? [])]);
          }
          const expected = naive([...model.keys()], '', delimiter).flatMap((entry) =>
            entry.endsWith('|prefix') ? [entry] : (model.get(entry) ?? []).map((id) => `${entry} ${id}`),
          );
          const found: string[] = [];
          let markers: Record<string, unknown> = {};
          for (;;) {
            const page = await world.op('ListObjectVersions', {
              Bucket: bucket.name,
              MaxKeys: size,
              ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
              ...markers,
            });
            const listed = [...(page.Versions as Entry[]), ...(page.DeleteMarkers as Entry[])];
            const own = new Set(listed.map((entry) => `${entry.Key} ${entry.VersionId}`));
            for (const prefix of page.CommonPrefixes as { Prefix: string }[]) own.add(`${prefix.Prefix}|prefix`);
            // Versions and markers come in two lists: the order among them is that of the expectation.
            const slice = expected.slice(found.length, found.length + own.size);
            expect(new Set(slice)).toEqual(own);
            found.push(...slice);
            for (const entry of listed) expect(entry.IsLatest).toBe(model.get(entry.Key)?.[0] === entry.VersionId);
            if (page.IsTruncated !== true) break;
            markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
          }
          expect(found).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);

  it('counts what is left of a key towards its common prefix', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled' });
    const versions: string[] = [];
    const uploads: string[] = [];
    for (const each of ['a', 'b/1', 'b/1', 'b/2', 'c']) {
      versions.push((await world.put(bucket, each)).versionId ?? '');
      uploads.push((await world.upload(bucket, each)).uploadId);
      // Upload ids sort by the millisecond.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const shown = async (operation: 'ListObjectVersions' | 'ListMultipartUploads', input: object) => {
      const page = await world.op(operation, { Bucket: bucket.name, ...input });
      const entries = (page.Versions ?? page.Uploads) as Entry[];
      return [
        ...(page.CommonPrefixes as { Prefix: string }[]).map(({ Prefix }) => Prefix),
        ...entries.map(({ Key }) => Key),
      ];
    };
    /** Behind the first of two of a key in each listing: versions begin with the newest, uploads with the oldest. */
    const list = async (KeyMarker: string, version: number, upload: number, more: object) => {
      const markers = { KeyMarker, VersionIdMarker: versions[version], UploadIdMarker: uploads[upload], ...more };
      const found = await shown('ListObjectVersions', markers);
      expect(await shown('ListMultipartUploads', markers)).toEqual(found);
      return found;
    };
    const grouped = { Delimiter: '/' };
    expect(await list('b/1', 2, 1, {})).toEqual(['b/1', 'b/2', 'c']);
    expect(await list('b/1', 2, 1, grouped)).toEqual(['b/', 'c']);
    expect(await list('b/1', 1, 2, grouped)).toEqual(['b/', 'c']);
    expect(await list('b/2', 3, 3, grouped)).toEqual(['c']);
    expect(await list('b/', 2, 1, grouped)).toEqual(['c']);
    expect(await list('b/1', 2, 1, { ...grouped, MaxKeys: 1, MaxUploads: 1 })).toEqual(['b/']);
    expect(await list('b/1', 2, 1, { Prefix: 'a' })).toEqual([]);
  });

  it('goes on behind versions that were deleted in the meantime', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled' });
    for (let index = 0; index < 10; index += 1) await world.put(bucket, 'k');
    let markers: Record<string, unknown> = {};
    let deleted = 0;
    for (;;) {
      const page = await world.op('ListObjectVersions', { Bucket: bucket.name, MaxKeys: 3, ...markers });
      const versions = page.Versions as Entry[];
      await world.remove(
        bucket,
        versions.map((entry) => ({ key: entry.Key, versionId: entry.VersionId })),
      );
      deleted += versions.length;
      if (page.IsTruncated !== true) break;
      markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    }
    expect(deleted).toBe(10);
    await world.op('DeleteBucket', { Bucket: bucket.name });
  });
});

interface Entry {
  Key: string;
  VersionId: string;
  IsLatest: boolean;
}

describe('arguments of listings', () => {
  it('encodes keys as AWS does', async () => {
    const bucket = await world.bucket();
    await world.put(bucket, 'a b+c/é*~(1).txt');
    const page = await world.op('ListObjectsV2', {
      Bucket: bucket.name,
      EncodingType: 'url',
      Delimiter: ' ',
      Prefix: 'a ',
    });
    expect((page.Contents as { Key: string }[])[0]?.Key).toBe('a+b%2Bc/%C3%A9*%7E%281%29.txt');
    expect(page).toMatchObject({ Prefix: 'a+', Delimiter: '+', EncodingType: 'url' });
  });

  it('refuses what AWS refuses', async () => {
    const bucket = await world.bucket();
    const other = await world.bucket();
    await world.put(bucket, 'a');
    await world.put(bucket, 'b');
    const list = (input: object, name: 'ListObjectsV2' | 'ListObjectVersions' = 'ListObjectsV2') =>
      world.op(name, { Bucket: bucket.name, ...input });
    const invalid = { code: 'InvalidArgument', status: 400 };
    await expect(list({ MaxKeys: -1 })).rejects.toMatchObject(invalid);
    await expect(list({ MaxKeys: 2 ** 31 })).rejects.toMatchObject(invalid);
    await expect(list({ EncodingType: 'base64' })).rejects.toMatchObject(invalid);
    await expect(list({ ContinuationToken: 'nonsense' })).rejects.toMatchObject({
      ...invalid,
      message: 'The continuation token provided is incorrect',
    });
    const token = (await list({ MaxKeys: 1 })).NextContinuationToken;
    await expect(world.op('ListObjectsV2', { Bucket: other.name, ContinuationToken: token })).rejects.toMatchObject(
      invalid,
    );
    await expect(list({ VersionIdMarker: 'x' }, 'ListObjectVersions')).rejects.toMatchObject(invalid);
    await expect(list({ KeyMarker: 'a', VersionIdMarker: 'x' }, 'ListObjectVersions')).rejects.toMatchObject(invalid);
    expect(await list({ MaxKeys: 0 })).toMatchObject({ IsTruncated: false, KeyCount: 0, MaxKeys: 0 });
    expect(await list({ MaxKeys: 5000 })).toMatchObject({ MaxKeys: 1000 });
    await expect(world.op('ListObjectsV2', { Bucket: 'no-such-bucket' })).rejects.toMatchObject({
      code: 'NoSuchBucket',
      extras: { BucketName: 'no-such-bucket' },
    });
  });
});

describe('the cost of listings', () => {
  it('jumps over common prefixes, and costs the same at the end as at the start', async () => {
    const bucket = await world.bucket();
    await world.query(
      `INSERT INTO versions (bucket_id, key, order_no, version_id, internal_version_id, is_latest, is_delete_marker, size, etag,
         last_modified, headers, metadata, tags, owner_account_id, owner_canonical_id)
       SELECT $1, 'dir' || lpad((n / 10000)::text, 3, '0') || '/' || lpad(n::text, 8, '0'), 1, 'null', n::text, true, false, 1, 'e',
         0, '{}', '{}', '[]', '1', '1' FROM generate_series(0, 99999) n`,
      [bucket.bucketId],
    );
    const buffersOf = async ({ text }: Statement, from: string, ...rest: unknown[]) => {
      const rows = await world.query<{ 'QUERY PLAN': string }>(`EXPLAIN (ANALYZE, BUFFERS) ${text}`, [
        bucket.bucketId,
        from,
        '\u{10FFFF}',
        ...rest,
      ]);
      const match = /shared hit=(\d+)(?: read=(\d+))?/.exec(rows.map((row) => row['QUERY PLAN']).join('\n'));
      return Number(match?.[1] ?? 0) + Number(match?.[2] ?? 0);
    };
    await buffersOf(flat, '', 101);
    // Ten common prefixes of ten thousand keys each: some pages for each of them, not one for each key.
    expect(await buffersOf(grouped, '', 0, '/', '0', 1001)).toBeLessThan(100);
    const start = await buffersOf(flat, '', 101);
    const end = await buffersOf(flat, 'dir009/00099800', 101);
    expect(Math.abs(end - start)).toBeLessThan(30);
    const page = await world.op('ListObjectsV2', { Bucket: bucket.name, Delimiter: '/' });
    expect(page.CommonPrefixes).toHaveLength(10);
  });
});
