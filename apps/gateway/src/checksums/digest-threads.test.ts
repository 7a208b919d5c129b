import { createHash, randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ChecksumAlgorithm } from '@coffer/contracts';
import { afterAll, describe, expect, it } from 'vitest';
import { newDigester } from './algorithms.ts';
import { DigestStream } from './digest-stream.ts';
import { DigestThreads } from './digest-threads.ts';
import { SLOT_BYTES, SLOTS } from './thread-messages.ts';

const NAMES: readonly ChecksumAlgorithm[] = ['MD5', 'SHA256', 'CRC64NVME', 'CRC32C'];
const threads = new DigestThreads(2);
afterAll(() => threads.close());

async function inPlace(bytes: Buffer): Promise<Map<ChecksumAlgorithm, string>> {
  const counted = NAMES.map(async (name): Promise<[ChecksumAlgorithm, string]> => {
    const digester = await newDigester(name);
    digester.update(bytes);
    return [name, digester.digest().toString('hex')];
  });
  return new Map(await Promise.all(counted));
}

const hex = (values: ReadonlyMap<ChecksumAlgorithm, Buffer>) =>
  new Map([...values].map(([name, value]) => [name, value.toString('hex')]));

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('digests on a thread', () => {
  it.each([
    [SLOT_BYTES - 1, 1000],
    [SLOT_BYTES, 64 * 1024],
    [SLOT_BYTES + 1, SLOT_BYTES + 1],
    [3 * SLOTS * SLOT_BYTES + 17, 100_003],
    [9 * SLOT_BYTES, 9 * SLOT_BYTES],
  ])('are those that are counted in place: %d bytes in pieces of %d', async (size, piece) => {
    const bytes = randomBytes(size);
    const expected = await inPlace(bytes);
    const body = threads.open(NAMES)!;
    for await (const chunk of pieces(bytes, piece)) {
      await body.count(chunk);
      // It is the caller's again, who may use it for something else.
      chunk.fill(0);
    }
    expect(hex(await body.values())).toEqual(expected);
  });

  it('keep many bodies apart that flow at once, some of them given up', async () => {
    const bodies = Array.from({ length: 12 }, (_, n) => randomBytes(SLOT_BYTES * 5 + n));
    await Promise.all(
      bodies.map(async (bytes, n) => {
        const stream = await DigestStream.of(NAMES, bytes.length, threads);
        const sink = new PassThrough();
        sink.resume();
        if (n % 3 === 0) {
          const flow = pipeline(pieces(bytes, 50_000), stream, sink);
          stream.destroy(new Error('the client went away'));
          await expect(stream.over(flow)).rejects.toThrow('went away');
          return;
        }
        const { values } = await stream.over(pipeline(pieces(bytes, 50_000), stream, sink));
        expect(hex(values)).toEqual(await inPlace(bytes));
      }),
    );
  });

  it('are refused with the reason when the thread ends, and the next body gets a new one', async () => {
    const own = new DigestThreads(1);
    const body = own.open(['MD5'])!;
    await body.count(randomBytes(10));
    await own.close();
    await expect(body.values()).rejects.toThrow('ended');
    const bytes = randomBytes(1000);
    const next = own.open(['MD5'])!;
    await next.count(bytes);
    expect((await next.values()).get('MD5')!.equals(createHash('md5').update(bytes).digest())).toBe(true);
    await own.close();
  });

  it('are counted in place for short bodies, and where there is one core', async () => {
    const bytes = randomBytes(1_000_000);
    for (const [size, where] of [
      [1000, threads],
      [bytes.length, new DigestThreads(0)],
    ] as const) {
      const stream = await DigestStream.of(NAMES, size, where);
      const part = bytes.subarray(0, size);
      stream.count(part);
      expect(hex((await stream.over(undefined)).values)).toEqual(await inPlace(part));
    }
  });
});
