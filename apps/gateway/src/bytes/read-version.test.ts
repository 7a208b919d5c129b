import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { memoryBlobStore } from '@coffer/blob-store';
import { s3Error, type BucketContext, type SegmentRef, type VersionFacts } from '@coffer/contracts';
import { createLogger } from '@coffer/service-kit';
import { describe, expect, it } from 'vitest';
import type { Gateway } from '../gateway.ts';
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
