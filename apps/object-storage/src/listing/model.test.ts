import type { BucketContext } from '@coffer/contracts';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testkit/world.ts';

/*
 * The three listings against the plainest model there is: all keys, sorted by their bytes, grouped and cut into pages.
 * The alphabet has what sorting and successors trip over: characters of one to four bytes, the first and the last there
 * are, both sides of the surrogates, and what LIKE, LTREE and regular expressions read as special.
 */
const ALPHABET = [
  'a',
  'b',
  '/',
  '%',
  '_',
  '\\',
  '\u0001',
  'é',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{10000}',
  '\u{10fffe}',
  '\u{10ffff}',
];
const text = (maxLength: number) =>
  fc.array(fc.constantFrom(...ALPHABET), { maxLength }).map((parts) => parts.join(''));
const delimiters = fc.constantFrom(undefined, '/', 'a', 'ab', 'é/', '\ud7ff', '\u{10fffe}', '\u{10ffff}/');
const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

type Listed = { key: string; version?: string } | { prefix: string };

let world: World;
let bucket: BucketContext;
let keys: string[] = [];
beforeAll(async () => {
  world = await startWorld();
  bucket = await world.bucket({ versioning: 'Enabled' });
  const some = fc.sample(text(6), { numRuns: 150, seed: 7 }).filter((key) => key !== '');
  keys = [...new Set([...some, '\u{10ffff}'.repeat(256)])].sort(compare);
  await Promise.all(keys.map((key) => world.put(bucket, key)));
  // Every third key has two versions, every fifth is hidden by a delete marker.
  await Promise.all(keys.filter((_, n) => n % 3 === 0).map((key) => world.put(bucket, key)));
  await world.remove(
    bucket,
    keys.filter((_, n) => n % 5 === 0).map((key) => ({ key })),
  );
  await Promise.all(keys.map((key) => world.upload(bucket, key)));
});
afterAll(() => world?.close());

/** Keys and common prefixes in order, each prefix once. */
function grouped(all: readonly string[], prefix: string, delimiter: string | undefined): Listed[] {
  const listed: Listed[] = [];
  const seen = new Set<string>();
  for (const key of all.filter((each) => each.startsWith(prefix))) {
    const at = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
    if (at < 0) listed.push({ key });
    else {
      const common = key.slice(0, at) + (delimiter ?? '');
      if (!seen.has(common)) listed.push({ prefix: common });
      seen.add(common);
    }
  }
  return listed;
}

type Page = Record<string, unknown>;
const prefixesOf = (page: Page): Listed[] =>
  (page.CommonPrefixes as { Prefix: string }[]).map(({ Prefix }) => ({ prefix: Prefix }));
const keysOf = (entries: unknown): Listed[] => (entries as { Key: string }[]).map(({ Key }) => ({ key: Key }));
const order = (entry: Listed) => ('key' in entry ? entry.key : entry.prefix);

async function pages(
  operation: 'ListObjects' | 'ListObjectsV2' | 'ListObjectVersions' | 'ListMultipartUploads',
  input: Record<string, unknown>,
  most: Record<string, number>,
  next: (page: Page, entries: readonly Listed[]) => Record<string, unknown>,
  members: readonly string[],
): Promise<Listed[]> {
  const all: Listed[] = [];
  let marker: Record<string, unknown> = {};
  for (let round = 0; round < 1000; round += 1) {
    const page = await world.op(operation, { Bucket: bucket.name, ...input, ...most, ...marker }, { bucket });
    const entries = [...members.flatMap((member) => keysOf(page[member])), ...prefixesOf(page)].sort((a, b) =>
      compare(order(a), order(b)),
    );
    expect(entries.length).toBeLessThanOrEqual(Object.values(most)[0] as number);
    all.push(...entries);
    if (!page.IsTruncated) return all;
    expect(entries).not.toHaveLength(0);
    marker = next(page, entries);
  }
  throw new Error('the listing does not end');
}

const asked = fc.record({ prefix: text(2), delimiter: delimiters, most: fc.constantFrom(1, 2, 3, 7, 1000) });
const inputOf = ({ prefix, delimiter }: { prefix: string; delimiter: string | undefined }) => ({
  Prefix: prefix,
  ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
});
const runs = { numRuns: 40, seed: 11 };

describe('listings agree with the model, page by page', () => {
  it('ListObjectsV2, and version 1 with it', async () => {
    const visible = keys.filter((_, n) => n % 5 !== 0);
    await fc.assert(
      fc.asyncProperty(asked, async (query) => {
        const expected = grouped(visible, query.prefix, query.delimiter);
        const input = inputOf(query);
        const v2 = await pages(
          'ListObjectsV2',
          input,
          { MaxKeys: query.most },
          (page) => ({ ContinuationToken: page.NextContinuationToken }),
          ['Contents'],
        );
        expect(v2).toEqual(expected);
        const v1 = await pages(
          'ListObjects',
          input,
          { MaxKeys: query.most },
          (page, entries) => ({ Marker: page.NextMarker ?? order(entries.at(-1) as Listed) }),
          ['Contents'],
        );
        expect(v1).toEqual(expected);
      }),
      runs,
    );
  }, 60_000);

  it('ListObjectVersions', async () => {
    const versions = keys.flatMap((key, n) => [key, ...(n % 3 === 0 ? [key] : []), ...(n % 5 === 0 ? [key] : [])]);
    await fc.assert(
      fc.asyncProperty(asked, async (query) => {
        const listed = await pages(
          'ListObjectVersions',
          inputOf(query),
          { MaxKeys: query.most },
          (page) => ({ KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }),
          ['Versions', 'DeleteMarkers'],
        );
        expect(listed).toEqual(grouped(versions, query.prefix, query.delimiter));
      }),
      runs,
    );
  }, 60_000);

  it('ListMultipartUploads', async () => {
    await fc.assert(
      fc.asyncProperty(asked, async (query) => {
        const listed = await pages(
          'ListMultipartUploads',
          inputOf(query),
          { MaxUploads: query.most },
          (page) => ({ KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }),
          ['Uploads'],
        );
        expect(listed).toEqual(grouped(keys, query.prefix, query.delimiter));
      }),
      runs,
    );
  }, 60_000);

  it('start behind any text', async () => {
    const visible = keys.filter((_, n) => n % 5 !== 0);
    await fc.assert(
      fc.asyncProperty(text(4), text(1), async (after, prefix) => {
        const page = await world.op(
          'ListObjectsV2',
          { Bucket: bucket.name, StartAfter: after, Prefix: prefix },
          { bucket },
        );
        const behind = visible.filter((key) => after === '' || compare(key, after) > 0);
        expect(keysOf(page.Contents)).toEqual(grouped(behind, prefix, undefined));
      }),
      { ...runs, numRuns: 100 },
    );
  }, 60_000);
});
