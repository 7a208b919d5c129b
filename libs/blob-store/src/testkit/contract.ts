import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newBlobId } from '../blob-id.ts';
import type { BlobStore } from '../blob-store.ts';

export interface ContractSubject {
  store: BlobStore;
  /** Removes what the subject was made with. */
  dispose(): Promise<void>;
}

const MIB = 2 ** 20;
const STREAMED = 64 * MIB;
/** Room for the buffers of sockets, pools and stream queues while 64 MiB pass through. */
const STREAM_ROOM = 12 * MIB;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heldBytes(): number {
  collectGarbage();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
}

async function* inChunks(bytes: Buffer, size = 50_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** What every adapter must do. `streaming: false` leaves out the check that memory stays bounded. */
export function blobStoreContract(open: () => Promise<ContractSubject>, { streaming = true } = {}): void {
  let subject: ContractSubject;
  let store: BlobStore;
  beforeAll(async () => {
    subject = await open();
    store = subject.store;
  });
  afterAll(async () => {
    await store?.close();
    await subject?.dispose();
  });

  const put = (id: string, bytes: Buffer) =>
    store.put(id, bytes.length, Readable.from(inChunks(bytes), { objectMode: false }));
  const read = async (...args: Parameters<BlobStore['get']>) => buffer(await store.get(...args));
  const expectAbsent = async (id: string) => {
    await expect(store.get(id)).rejects.toMatchObject({ code: 'BlobNotFound', retryable: false });
    const before = (await store.list({ limit: 1000 })).map((entry) => entry.id);
    expect(before).not.toContain(id);
  };

  it('is ready', async () => {
    await store.check();
  });

  it.each([0, 1, 100, 65_536, 1_000_003])('gives back a blob of %i bytes', async (size) => {
    const [id, bytes] = [newBlobId(), randomBytes(size)];
    await put(id, bytes);
    expect((await read(id)).equals(bytes)).toBe(true);
    expect(await store.list({ limit: 1000 })).toContainEqual({ id, size, modified: expect.any(Date) });
  });

  it('takes any async iterable, with empty chunks', async () => {
    const id = newBlobId();
    const body = async function* () {
      yield Buffer.alloc(0);
      yield new Uint8Array([1, 2]);
      yield Buffer.alloc(0);
      yield new Uint8Array([3]);
    };
    await store.put(id, 3, body());
    expect([...(await read(id))]).toEqual([1, 2, 3]);
  });

  it.each([50_000, 500_000])('is done with a chunk of %i bytes when it asks for the next one', async (size) => {
    const [id, bytes] = [newBlobId(), randomBytes(24 * size)];
    const body = async function* () {
      const memory = Buffer.alloc(size);
      for (let at = 0; at < bytes.length; at += size) {
        bytes.copy(memory, 0, at);
        yield memory;
      }
    };
    await store.put(id, bytes.length, body());
    expect((await read(id)).equals(bytes)).toBe(true);
  });

  it('gives ranges, and refuses those that do not lie within the blob', async () => {
    const [id, bytes] = [newBlobId(), randomBytes(300_000)];
    await put(id, bytes);
    for (const [start, end] of [
      [0, 0],
      [0, 299_999],
      [299_999, 299_999],
      [1000, 200_000],
    ] as const) {
      expect((await read(id, { start, end })).equals(bytes.subarray(start, end + 1))).toBe(true);
    }
    for (const [start, end] of [
      [0, 300_000],
      [300_000, 300_000],
      [299_000, 400_000],
    ] as const) {
      await expect(store.get(id, { start, end })).rejects.toMatchObject({ code: 'BlobRangeInvalid' });
    }
    for (const [start, end] of [
      [-1, 5],
      [5, 4],
      [0.5, 5],
      [0, NaN],
    ] as const) {
      await expect(store.get(id, { start, end })).rejects.toThrow(TypeError);
    }
    const empty = newBlobId();
    await put(empty, Buffer.alloc(0));
    await expect(store.get(empty, { start: 0, end: 0 })).rejects.toMatchObject({ code: 'BlobRangeInvalid' });
  });

  it('names an absent blob', async () => {
    await expectAbsent(newBlobId());
    await expect(store.get(newBlobId(), { start: 0, end: 5 })).rejects.toMatchObject({ code: 'BlobNotFound' });
  });

  it('never replaces a blob', async () => {
    const [id, bytes] = [newBlobId(), randomBytes(1000)];
    await put(id, bytes);
    const second = Readable.from(inChunks(randomBytes(1000)), { objectMode: false });
    await expect(store.put(id, 1000, second)).rejects.toMatchObject({ code: 'BlobExists', retryable: false });
    expect(second.destroyed).toBe(true);
    expect((await read(id)).equals(bytes)).toBe(true);
  });

  it('lets one of many writers of an id win', async () => {
    const id = newBlobId();
    const bodies = Array.from({ length: 4 }, () => randomBytes(200_000));
    const outcomes = await Promise.allSettled(bodies.map((bytes) => put(id, bytes)));
    const winners = bodies.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    expect((await read(id)).equals(winners[0] ?? Buffer.alloc(0))).toBe(true);
  });

  it.each([
    ['short', 999, 1000],
    ['long', 1001, 1000],
    ['long by a large part', 500_000, 1000],
    ['short by a large part', 300_000, 500_000],
    ['not empty', 1, 0],
    ['empty', 0, 1],
  ])('leaves nothing of a body that is %s', async (_, actual, announced) => {
    const id = newBlobId();
    const body = Readable.from(inChunks(randomBytes(actual)), { objectMode: false });
    await expect(store.put(id, announced, body)).rejects.toMatchObject({ code: 'BlobSizeMismatch', retryable: false });
    expect(body.destroyed).toBe(true);
    await expectAbsent(id);
  });

  it('leaves nothing of a body that fails, and passes its error on', async () => {
    const failure = new Error('the client went away');
    for (const before of [0, 1000, 400_000]) {
      const id = newBlobId();
      const body = async function* () {
        if (before > 0) yield* inChunks(randomBytes(before));
        throw failure;
      };
      await expect(store.put(id, 500_000, body())).rejects.toBe(failure);
      await expectAbsent(id);
    }
  });

  it('leaves nothing of a body that is wrong only after its last announced byte', async () => {
    const failure = new Error('the checksum does not fit');
    const late = async function* (end: () => Buffer) {
      yield randomBytes(1000);
      await new Promise((resolve) => setTimeout(resolve, 100)); // A store that had all bytes would be done by now.
      yield end();
    };
    const [tooLong, failing] = [newBlobId(), newBlobId()];
    const oneMore = late(() => Buffer.of(1));
    await expect(store.put(tooLong, 1000, oneMore)).rejects.toMatchObject({ code: 'BlobSizeMismatch' });
    const fails = late(() => {
      throw failure;
    });
    await expect(store.put(failing, 1000, fails)).rejects.toBe(failure);
    await expectAbsent(tooLong);
    await expectAbsent(failing);
  });

  it('leaves nothing of a body that was destroyed', async () => {
    const id = newBlobId();
    const body = Readable.from(inChunks(randomBytes(1000)), { objectMode: false });
    body.destroy(new Error('gone'));
    await expect(store.put(id, 1000, body)).rejects.toThrow('gone');
    await expectAbsent(id);
  });

  it('leaves nothing when aborted, even while the body says nothing', async () => {
    const id = newBlobId();
    const abort = new AbortController();
    const reason = new Error('no more time');
    const body = async function* () {
      yield randomBytes(200_000);
      setTimeout(() => abort.abort(reason), 20);
      await new Promise(() => {});
    };
    await expect(store.put(id, 500_000, body(), { signal: abort.signal })).rejects.toBe(reason);
    await expectAbsent(id);
    await expect(store.put(id, 3, inChunks(Buffer.from('abc')), { signal: abort.signal })).rejects.toBe(reason);
    await expect(store.get(id, undefined, { signal: abort.signal })).rejects.toBe(reason);
  });

  it('stops a read when aborted', async () => {
    const id = newBlobId();
    await put(id, randomBytes(8 * MIB));
    const abort = new AbortController();
    const stream = await store.get(id, undefined, { signal: abort.signal });
    const consumed = (async () => {
      for await (const _ of stream) abort.abort();
    })();
    await expect(consumed).rejects.toThrow(/abort/i);
    expect(stream.destroyed).toBe(true);
  });

  it('survives readers that give up', async () => {
    const id = newBlobId();
    const bytes = randomBytes(2 * MIB);
    await put(id, bytes);
    for (let count = 0; count < 20; count += 1) (await store.get(id)).destroy();
    expect((await read(id)).equals(bytes)).toBe(true);
  });

  it('deletes, again and again', async () => {
    const id = newBlobId();
    await put(id, randomBytes(100));
    await store.delete(id);
    await expectAbsent(id);
    await store.delete(id);
    await put(id, randomBytes(10));
    expect(await read(id)).toHaveLength(10);
  });

  it('lists in the order of ids, page by page', async () => {
    const hours = ['2001-03-01T05:00Z', '2001-03-01T06:00Z', '2001-03-02T00:00Z'].map((text) => new Date(text));
    const ids = hours.flatMap((hour) => Array.from({ length: 5 }, () => newBlobId(hour)));
    await Promise.all(ids.toReversed().map((id) => put(id, Buffer.from('x'))));
    const listed: string[] = [];
    let after: string | undefined;
    for (;;) {
      const page = await store.list({ limit: 4, ...(after === undefined ? {} : { after }) });
      listed.push(...page.map((entry) => entry.id));
      after = page.at(-1)?.id;
      if (page.length < 4) break;
    }
    const sorted = ids.toSorted();
    expect(listed.filter((id) => ids.includes(id))).toEqual(sorted);
    expect(listed).toEqual(listed.toSorted());
    const [third] = await store.list({ after: sorted[1] ?? '', limit: 1 });
    expect(third?.id).toBe(sorted[2]);
    for (const id of ids) await store.delete(id);
    expect((await store.list({ limit: 1 })).map((entry) => entry.id)).not.toContain(sorted[0]);
  });

  it('refuses everything that is not a blob id, a size or a limit', async () => {
    for (const id of [
      '',
      '../../etc/passwd',
      `${newBlobId()}/x`,
      `../${newBlobId()}`,
      `${newBlobId()}\0`,
      newBlobId().toUpperCase(),
    ]) {
      await expect(store.put(id, 1, inChunks(Buffer.from('x')))).rejects.toThrow(TypeError);
      await expect(store.get(id)).rejects.toThrow(TypeError);
      await expect(store.delete(id)).rejects.toThrow(TypeError);
      await expect(store.list({ after: id, limit: 1 })).rejects.toThrow(TypeError);
    }
    for (const size of [-1, 1.5, NaN])
      await expect(store.put(newBlobId(), size, inChunks(Buffer.alloc(0)))).rejects.toThrow(TypeError);
    for (const limit of [0, 1001, 1.5]) await expect(store.list({ limit })).rejects.toThrow(TypeError);
  });

  // Left out rather than skipped: a store that is all memory has nothing to show here.
  if (!streaming) return;
  describe('streaming', () => {
    it('holds little of 64 MiB in memory, going in and coming out', async () => {
      const id = newBlobId();
      const before = heldBytes();
      let most = 0;
      const written = createHash('sha256');
      const body = async function* () {
        for (let at = 0; at < STREAMED; at += 65_536) {
          const chunk = randomBytes(65_536);
          written.update(chunk);
          yield chunk;
          if (at % (8 * MIB) === 0) most = Math.max(most, heldBytes() - before);
        }
      };
      await store.put(id, STREAMED, body());
      expect(most).toBeLessThan(STREAM_ROOM);
      most = 0;
      let seen = 0;
      const got = createHash('sha256');
      for await (const chunk of (await store.get(id)) as AsyncIterable<Buffer>) {
        got.update(chunk);
        if (Math.floor((seen + chunk.length) / (8 * MIB)) > Math.floor(seen / (8 * MIB))) {
          await new Promise((resolve) => setTimeout(resolve, 20)); // A slow reader: the rest must not pile up.
          most = Math.max(most, heldBytes() - before);
        }
        seen += chunk.length;
      }
      expect(seen).toBe(STREAMED);
      expect(most).toBeLessThan(STREAM_ROOM);
      expect(got.digest('hex')).toBe(written.digest('hex'));
    });
  });
}
