import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  HEADER_SIZE,
  MAX_PLAIN_SIZE,
  Opener,
  SEGMENT_SIZE,
  SealError,
  SealStream,
  headerOf,
  open,
  plainSize,
  seal,
  sealedSize,
} from './index.ts';
import type { SealErrorCode } from './index.ts';
import { newBlobKey, readBlobKey } from './header.ts';
import { cut, identities, keys, plains, plainSizes } from './testkit/arbitraries.ts';
import { dataKey, identity, runs, SEALED_SEGMENT, streamOpen } from './testkit/streams.ts';
import { sealUnder } from './whole.ts';

/** What a stream seals, its pieces used as they must be: each until the next one is asked for. */
async function streamSeal(chunks: Iterable<Buffer>, stream: SealStream): Promise<Buffer> {
  const flowing = pipeline(Readable.from(chunks, { objectMode: false }), stream);
  const copies: Buffer[] = [];
  for await (const piece of stream) copies.push(Buffer.from(piece));
  await flowing;
  stream.recycle();
  return Buffer.concat(copies);
}

/** Both ways of opening must refuse. */
async function expectRefused(sealed: Buffer, key: Buffer = dataKey, as = identity): Promise<SealErrorCode> {
  const streamed = await streamOpen([sealed], undefined, key, as).catch((error: unknown) => error);
  expect(streamed).toBeInstanceOf(SealError);
  let whole: unknown;
  try {
    open(key, as, sealed);
  } catch (error) {
    whole = error;
  }
  expect(whole).toBeInstanceOf(SealError);
  expect((whole as SealError).code).toBe((streamed as SealError).code);
  return (whole as SealError).code;
}

describe('sizes', () => {
  it('are inverse, and no other sealed size is accepted', () => {
    fc.assert(
      fc.property(fc.oneof(plainSizes, fc.integer({ min: 0, max: MAX_PLAIN_SIZE })), (size) => {
        expect(plainSize(sealedSize(size))).toBe(size);
      }),
    );
    const possible = new Set(Array.from({ length: 3 * SEGMENT_SIZE }, (_, size) => sealedSize(size)));
    for (let sealed = -1; sealed < 2 * SEALED_SEGMENT + HEADER_SIZE + 100; sealed += 1) {
      if (possible.has(sealed)) expect(sealedSize(plainSize(sealed))).toBe(sealed);
      else expect(() => plainSize(sealed)).toThrow(SealError);
    }
  });

  it('are refused outside what the format holds', () => {
    expect(plainSize(sealedSize(MAX_PLAIN_SIZE))).toBe(MAX_PLAIN_SIZE);
    for (const size of [-1, 0.5, NaN, Infinity, MAX_PLAIN_SIZE + 1]) expect(() => sealedSize(size)).toThrow(RangeError);
    for (const size of [NaN, Infinity, 100.5, sealedSize(MAX_PLAIN_SIZE) + 17])
      expect(() => plainSize(size)).toThrow(SealError);
  });
});

describe('sealing', () => {
  it('opens again, whole and as a stream, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        plains,
        keys,
        identities,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
        async (plain, key, as, sealCuts, openCuts) => {
          const stream = new SealStream(key, as, plain.length);
          const sealed = await streamSeal(cut(plain, sealCuts), stream);
          expect(sealed.length).toBe(sealedSize(plain.length));
          expect(headerOf(sealed).equals(stream.header)).toBe(true);
          expect(sealUnder(readBlobKey(key, as, stream.header), plain).equals(sealed)).toBe(true);
          expect(open(key, as, sealed).equals(plain)).toBe(true);
          expect((await streamOpen(cut(sealed, openCuts), undefined, key, as)).equals(plain)).toBe(true);
          const body = sealed.subarray(HEADER_SIZE);
          expect((await streamOpen(cut(body, openCuts), { header: stream.header }, key, as)).equals(plain)).toBe(true);
        },
      ),
      runs(60),
    );
  });

  it('works byte by byte across the header and a segment', async () => {
    const plain = randomBytes(SEGMENT_SIZE + 10);
    const single = (bytes: Buffer) => Array.from({ length: bytes.length }, (_, at) => bytes.subarray(at, at + 1));
    const sealed = await streamSeal(single(plain), new SealStream(dataKey, identity, plain.length));
    expect((await streamOpen(single(sealed))).equals(plain)).toBe(true);
  });

  it('seals the same content differently each time', () => {
    const plain = Buffer.from('same');
    const [one, two] = [seal(dataKey, identity, plain), seal(dataKey, identity, plain)];
    expect(one.subarray(HEADER_SIZE).equals(two.subarray(HEADER_SIZE))).toBe(false);
  });

  it('refuses malformed keys and identities', () => {
    expect(() => seal(randomBytes(16), identity, Buffer.alloc(0))).toThrow(TypeError);
    for (const bad of ['', '\ud800', 'x'.repeat(5000)]) {
      expect(() => seal(dataKey, { ...identity, key: bad }, Buffer.alloc(0))).toThrow(TypeError);
    }
  });

  it('does not depend on the data key after construction', async () => {
    const [sealing, opening] = [Buffer.from(dataKey), Buffer.from(dataKey)];
    const stream = new SealStream(sealing, identity, 7);
    sealing.fill(0);
    const sealed = await streamSeal([Buffer.from('content')], stream);
    const opener = new Opener(opening, identity);
    opening.fill(0);
    const opened: Buffer[] = [];
    opener.push(sealed, (plain) => opened.push(plain));
    opener.end((plain) => opened.push(plain));
    expect(Buffer.concat(opened).toString()).toBe('content');
  });
});

describe('a stream of sealed pieces', () => {
  const MiB = 1024 * 1024;
  const pieceOf = async (pieces: AsyncIterator<Uint8Array>) => (await pieces.next()).value as Uint8Array;

  it('waits with writing while two pieces are there that nobody is done with', async () => {
    const stream = new SealStream(dataKey, identity, 8 * MiB);
    const waiting = async () => {
      for (let turn = 0; turn < 100; turn += 1) await setImmediate();
      return stream.writableLength / SEGMENT_SIZE;
    };
    for (let at = 0; at < 8 * MiB; at += SEGMENT_SIZE) stream.write(Buffer.alloc(SEGMENT_SIZE));
    // Of 128 segments two pieces of eight are sealed, and for each piece that was done with eight more.
    expect(await waiting()).toBe(128 - 2 * 8);
    const pieces = stream[Symbol.asyncIterator]();
    for (let read = 0; read < 4; read += 1) await pieces.next();
    expect(await waiting()).toBe(128 - 5 * 8);
    stream.destroy();
  });

  it('uses its memory again, also for the next body once that was allowed', async () => {
    const memory = new Set<ArrayBufferLike>();
    for (let body = 0; body < 3; body += 1) {
      const stream = new SealStream(dataKey, identity, 4 * MiB);
      const flowing = pipeline(Readable.from([randomBytes(4 * MiB)]), stream);
      for await (const piece of stream) memory.add(piece.buffer);
      await flowing;
      stream.recycle();
    }
    expect(memory.size).toBeLessThanOrEqual(2);
  });

  it('never gives another body the memory of one that broke off', async () => {
    const broken = new SealStream(dataKey, identity, 4 * MiB);
    broken.write(randomBytes(MiB));
    const piece = await pieceOf(broken[Symbol.asyncIterator]());
    broken.destroy();
    const stream = new SealStream(dataKey, identity, 4 * MiB);
    const flowing = pipeline(Readable.from([randomBytes(4 * MiB)]), stream);
    for await (const other of stream) expect(other.buffer).not.toBe(piece.buffer);
    await flowing;
  });

  it.each([
    ['fewer', 'truncated', MiB - 1],
    ['more', 'too-long', MiB + 1],
  ])('fails for both sides when %s bytes come than announced', async (_, code, size) => {
    const stream = new SealStream(dataKey, identity, MiB);
    const flowing = pipeline(Readable.from([randomBytes(size)]), stream);
    const reading = (async () => {
      for await (const piece of stream) void piece;
    })();
    const [written, read] = await Promise.allSettled([flowing, reading]);
    expect(written).toMatchObject({ status: 'rejected', reason: { code } });
    expect(read).toMatchObject({ status: 'rejected', reason: { code } });
  });

  it('fails for a waiting reader when it is destroyed, and for the writer when nobody reads on', async () => {
    const waited = new SealStream(dataKey, identity, MiB);
    const waiting = waited[Symbol.asyncIterator]().next();
    waited.once('error', () => undefined);
    waited.destroy(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');

    const left = new SealStream(dataKey, identity, 4 * MiB);
    const flowing = pipeline(Readable.from([randomBytes(4 * MiB)]), left);
    for await (const piece of left) if (piece.length > 0) break;
    await expect(flowing).rejects.toThrow();
  });
});

describe('anything altered fails', () => {
  const bodies = plains.map((plain) => seal(dataKey, identity, plain));

  it('truncation', async () => {
    await fc.assert(
      fc.asyncProperty(bodies, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), async (sealed, part) => {
        await expectRefused(sealed.subarray(0, Math.floor(part * sealed.length)));
      }),
      runs(60),
    );
    const sealed = seal(dataKey, identity, randomBytes(3 * SEGMENT_SIZE));
    expect(await expectRefused(sealed.subarray(0, HEADER_SIZE + 2 * SEALED_SEGMENT))).toBe('truncated');
    expect(await expectRefused(sealed.subarray(0, HEADER_SIZE))).toBe('truncated');
    expect(await expectRefused(sealed.subarray(0, HEADER_SIZE - 1))).toBe('truncated');
    expect(await expectRefused(Buffer.alloc(0))).toBe('truncated');
  });

  it('a flipped bit', async () => {
    await fc.assert(
      fc.asyncProperty(bodies, fc.nat(), fc.nat({ max: 7 }), fc.boolean(), async (sealed, at, bit, inHeader) => {
        const altered = Buffer.from(sealed);
        const place = at % (inHeader ? HEADER_SIZE : sealed.length);
        altered[place] = (altered[place] ?? 0) ^ (1 << bit);
        await expectRefused(altered);
      }),
      runs(100),
    );
  });

  it('appended bytes', async () => {
    await fc.assert(
      fc.asyncProperty(bodies, fc.uint8Array({ minLength: 1, maxLength: 100 }), async (sealed, extra) => {
        await expectRefused(Buffer.concat([sealed, extra]));
      }),
      runs(40),
    );
    const sealed = seal(dataKey, identity, randomBytes(SEGMENT_SIZE));
    await expectRefused(Buffer.concat([sealed, sealed.subarray(HEADER_SIZE)]));
  });

  it('reordered, repeated and dropped segments', async () => {
    const sealed = seal(dataKey, identity, randomBytes(4 * SEGMENT_SIZE));
    const at = (index: number) =>
      sealed.subarray(HEADER_SIZE + index * SEALED_SEGMENT, HEADER_SIZE + (index + 1) * SEALED_SEGMENT);
    const orders = fc
      .array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 6 })
      .filter((order) => order.join() !== '0,1,2,3');
    await fc.assert(
      fc.asyncProperty(orders, async (order) => {
        await expectRefused(Buffer.concat([headerOf(sealed), ...order.map(at)]));
      }),
      runs(60),
    );
  });

  it('segments and headers swapped between bodies of the same key and identity', async () => {
    const [one, two] = [randomBytes(2 * SEGMENT_SIZE), randomBytes(2 * SEGMENT_SIZE)].map((plain) =>
      seal(dataKey, identity, plain),
    );
    if (!one || !two) throw new Error('unreachable');
    const middle = HEADER_SIZE + SEALED_SEGMENT;
    expect(await expectRefused(Buffer.concat([one.subarray(0, middle), two.subarray(middle)]))).toBe('tampered');
    expect(await expectRefused(Buffer.concat([headerOf(one), two.subarray(HEADER_SIZE)]))).toBe('tampered');
  });

  it('another key or identity', async () => {
    await fc.assert(
      fc.asyncProperty(
        keys,
        identities,
        keys,
        identities,
        fc.nat({ max: 4 }),
        async (key, as, otherKey, other, which) => {
          const sealed = seal(key, as, Buffer.from('content'));
          const field = (['bucketId', 'key', 'versionId', 'blobId'] as const)[which];
          const changed = field ? { ...as, [field]: `${other[field]}+${as[field]}` } : as;
          expect(
            await expectRefused(
              sealed,
              field ? key : Buffer.from(otherKey.map((byte, at) => byte ^ (at === 0 ? 1 + ((key[0] ?? 0) ^ byte) : 0))),
              changed,
            ),
          ).toBe('wrong-key');
        },
      ),
      runs(60),
    );
  });

  it('text moved from one part of the identity to the next', async () => {
    const sealed = seal(dataKey, { ...identity, bucketId: 'ab', key: 'c' }, Buffer.from('content'));
    expect(await expectRefused(sealed, dataKey, { ...identity, bucketId: 'a', key: 'bc' })).toBe('wrong-key');
  });

  it('another format or version', async () => {
    const sealed = seal(dataKey, identity, Buffer.from('content'));
    expect(await expectRefused(Buffer.concat([Buffer.from('XXXX'), sealed.subarray(4)]))).toBe('bad-format');
    const newer = Buffer.from(sealed);
    newer[4] = 2;
    expect(await expectRefused(newer)).toBe('unsupported-version');
  });

  it('gives no byte of a segment that is not authentic', () => {
    const sealed = seal(dataKey, identity, randomBytes(2 * SEGMENT_SIZE));
    sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
    let given = 0;
    const opener = new Opener(dataKey, identity);
    const give = (plain: Buffer) => (given += plain.length);
    opener.push(sealed, give);
    expect(() => opener.end(give)).toThrow(SealError);
    expect(given).toBe(SEGMENT_SIZE);
  });
});

describe('secrets', () => {
  it('are let go of after use, and nothing is sealed without them', () => {
    const key = newBlobKey(dataKey, identity);
    sealUnder(key, Buffer.from('content'));
    expect(key.secret).toBeUndefined();
    expect(() => sealUnder(key, Buffer.from('content'))).toThrow(TypeError);
    const opener = new Opener(dataKey, identity);
    const sealed = seal(dataKey, identity, randomBytes(2 * SEGMENT_SIZE));
    opener.push(sealed.subarray(0, SEGMENT_SIZE), () => undefined);
    opener.wipe();
    expect(() => opener.push(sealed, () => undefined)).toThrow(TypeError);
  });
});
