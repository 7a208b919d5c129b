import { randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { memoryBlobStore } from '@coffer/blob-store';
import { s3Error, type BucketContext, type SegmentRef, type VersionFacts } from '@coffer/contracts';
import { HEADER_SIZE, sealedSize, SEGMENT_SIZE } from '@coffer/sealed-stream';
import { createLogger } from '@coffer/service-kit';
import { describe, expect, it } from 'vitest';
import type { Gateway } from '../gateway.ts';
import { pourInto } from './plain-stream.ts';
import type { ByteRange } from './range.ts';
import { readVersion } from './read-version.ts';
import { sealInto } from './seal-into.ts';

const PARTS = 7;
const SIZE = 100_000;
const AT_ONCE = 3;
const dataKey = randomBytes(32);
const blobs = memoryBlobStore();
const log = createLogger({ service: 'test', level: 'silent' });
const context = { bucketId: 'b' } as BucketContext;
const version = { key: 'k', internalVersionId: 'v', size: PARTS * SIZE } as VersionFacts;

async function sealedParts(plain: Buffer): Promise<SegmentRef[]> {
  const target = { dataKey, bucketId: 'b', key: 'k', internalVersionId: 'v' };
  return await Promise.all(
    Array.from({ length: PARTS }, async (_, index) => {
      const offset = index * SIZE;
      const feed = (sink: { end(bytes: Buffer): void }) => sink.end(plain.subarray(offset, offset + SIZE));
      const body = await sealInto({ blobs, log } as Gateway, target, SIZE, [new PassThrough()], feed);
      return { partNumber: index + 1, offset, size: SIZE, body };
    }),
  );
}

/** A gateway to which object storage gives three stretches at once, as long as it knows the version. */
function gatewayOf(parts: readonly SegmentRef[], asked: number[], known: () => boolean = () => true): Gateway {
  return {
    blobs,
    log,
    keys: { dataKey: async () => Buffer.from(dataKey) },
    bus: {
      call: async (_: unknown, { fromPartNumber }: { fromPartNumber: number }) => {
        asked.push(fromPartNumber);
        if (!known()) throw s3Error('NoSuchVersion');
        return { segments: parts.slice(fromPartNumber - 1, fromPartNumber - 1 + AT_ONCE) };
      },
    },
  } as unknown as Gateway;
}

const read = (gateway: Gateway, segments: readonly SegmentRef[], range: ByteRange) =>
  readVersion(gateway, { context, version, segments, range, signal: new AbortController().signal });

describe('reading an object of very many parts', () => {
  it('asks for the next stretches as it comes to them, and only then', async () => {
    const plain = randomBytes(PARTS * SIZE);
    const parts = await sealedParts(plain);
    const asked: number[] = [];
    const gateway = gatewayOf(parts, asked);
    const whole = await read(gateway, parts.slice(0, AT_ONCE), { start: 0, end: plain.length - 1 });
    expect((await buffer(whole)).equals(plain)).toBe(true);
    expect(asked).toEqual([4, 7]);

    asked.length = 0;
    const range = { start: 2 * SIZE + 5, end: 4 * SIZE + 7 };
    const some = await buffer(await read(gateway, parts.slice(2, 4), range));
    expect(some.equals(plain.subarray(range.start, range.end + 1))).toBe(true);
    expect(asked).toEqual([5]);
  });

  it('ends with an error, never early, when the rest cannot be found', async () => {
    const parts = await sealedParts(randomBytes(PARTS * SIZE));
    const stream = await read(
      gatewayOf(parts, [], () => false),
      parts.slice(0, AT_ONCE),
      { start: 0, end: PARTS * SIZE - 1 },
    );
    await expect(buffer(stream)).rejects.toMatchObject({ code: 'NoSuchVersion' });
  });
});

describe('a stream of plain bytes', () => {
  const MiB = 1024 * 1024;
  const target = { dataKey, bucketId: 'b', key: 'k', internalVersionId: 'v' };
  /** Time enough for everything that would happen by itself. */
  const turns = async () => {
    await setTimeout(100);
  };

  /** A version of one stretch in a store of its own, and the streams in which the store gave its bytes. */
  async function stored(plain: Buffer, change: (sealed: Buffer) => Buffer = (sealed) => sealed) {
    const body = await sealInto({ blobs, log } as Gateway, target, plain.length, [new PassThrough()], (sink) =>
      (sink as PassThrough).end(plain),
    );
    const given: Readable[] = [];
    const store = {
      get: async (id: string, range: ByteRange) => {
        const sealed = change(await buffer(await blobs.get(id)));
        const wanted = sealed.subarray(range.start, range.end + 1);
        const chunks = [];
        for (let at = 0; at < wanted.length; at += 60_000) chunks.push(wanted.subarray(at, at + 60_000));
        const stream = Readable.from(chunks, { objectMode: false });
        given.push(stream);
        return stream;
      },
    };
    const gateway = { ...gatewayOf([], []), blobs: store } as unknown as Gateway;
    const one = { ...version, size: plain.length } as VersionFacts;
    const request = (range: ByteRange) => ({
      context,
      version: one,
      segments: [{ partNumber: 1, offset: 0, size: plain.length, body }],
      range,
      signal: new AbortController().signal,
    });
    const whole = { start: 0, end: plain.length - 1 };
    return { given, stream: (range = whole) => readVersion(gateway, request(range)) };
  }

  function swapped(sealed: Buffer): Buffer {
    const altered = Buffer.from(sealed);
    const at = (index: number) => HEADER_SIZE + index * (sealedSize(SEGMENT_SIZE) - HEADER_SIZE);
    sealed.copy(altered, at(3), at(4), at(5));
    sealed.copy(altered, at(4), at(3), at(4));
    return altered;
  }

  const damagedAt = (place: number) => (sealed: Buffer) => {
    const altered = Buffer.from(sealed);
    altered[place] = (altered[place] as number) ^ 1;
    return altered;
  };

  it('waits while nobody reads', async () => {
    const plain = randomBytes(8 * MiB);
    const { stream } = await stored(plain);
    const bytes = await stream();
    await turns();
    expect(bytes.readableLength).toBeGreaterThan(0);
    expect(bytes.readableLength).toBeLessThan(2.5 * MiB);
    expect((await buffer(bytes)).equals(plain)).toBe(true);
  });

  it('is refused when its first bytes do not open', async () => {
    const { stream, given } = await stored(randomBytes(MiB), damagedAt(1000));
    await expect(stream()).rejects.toMatchObject({ code: 'tampered' });
    expect(given.every((source) => source.destroyed)).toBe(true);
  });

  it('tells its reader of a later failure, also one that came before anybody read', async () => {
    const plain = randomBytes(MiB);
    const { stream } = await stored(plain, damagedAt(MiB / 2));
    const bytes = await stream();
    await turns();
    const got: Buffer[] = [];
    const reading = (async () => {
      for await (const chunk of bytes) got.push(chunk as Buffer);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'tampered' });
    const given = Buffer.concat(got);
    expect(given.equals(plain.subarray(0, given.length))).toBe(true);
    expect(given.length).toBeLessThanOrEqual(MiB / 2);
  });

  it('fails what it is poured into, and is dropped with it', async () => {
    const { stream } = await stored(randomBytes(MiB), damagedAt(MiB / 2));
    const failed = await stream();
    await turns();
    const sink = new PassThrough();
    pourInto(sink, failed);
    await expect(buffer(sink)).rejects.toMatchObject({ code: 'tampered' });

    const { stream: whole, given } = await stored(randomBytes(8 * MiB));
    const full = new PassThrough().on('error', () => undefined);
    pourInto(full, await whole());
    full.destroy(new Error('full'));
    await turns();
    expect(given.every((source) => source.destroyed)).toBe(true);
  });

  it.each([
    [0, 8 * MiB - 1],
    [1, 8 * MiB - 2],
    [65_535, 65_536 + MiB],
    [5 * MiB + 17, 8 * MiB - 1],
    [65_536, 2 * 65_536 - 1],
  ])('gives the range from %d to %d', async (start, end) => {
    const plain = randomBytes(8 * MiB);
    const { stream } = await stored(plain);
    expect((await buffer(await stream({ start, end }))).equals(plain.subarray(start, end + 1))).toBe(true);
  });

  it.each([
    ['ends early', (sealed: Buffer) => sealed.subarray(0, -70_000), 'truncated'],
    ['has segments that changed places', swapped, 'tampered'],
  ])('fails when the blob %s', async (_what, change, code) => {
    const { stream } = await stored(randomBytes(4 * MiB), change);
    await expect(stream().then((bytes) => buffer(bytes))).rejects.toMatchObject({ code });
  });

  it('gives many at once, each its own bytes', async () => {
    const plains = Array.from({ length: 6 }, (_one, index) => randomBytes(2 * MiB + index));
    const read = await Promise.all(
      plains.map(async (plain) => (await buffer(await (await stored(plain)).stream())).equals(plain)),
    );
    expect(read).toEqual(plains.map(() => true));
  });

  it('lets go of the blob when it is dropped, read or not', async () => {
    const { stream, given } = await stored(randomBytes(8 * MiB));
    (await stream()).destroy();
    for await (const chunk of await stream()) if ((chunk as Buffer).length > 0) break;
    await turns();
    expect(given).toHaveLength(2);
    expect(given.every((source) => source.destroyed)).toBe(true);
  });
});
