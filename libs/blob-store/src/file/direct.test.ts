import { randomBytes } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileBlobStore, newBlobId } from '../index.ts';
import { DIRECT_FROM_BYTES, DirectSlots, openDirect, writeDirectly } from './direct.ts';

const MIB = 1024 * 1024;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coffer-direct-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('writing past the page cache', () => {
  it('is what this system does', async (context) => {
    const handle = await open(join(folder, 'file'), 'wx');
    const direct = await openDirect(join(folder, 'file'));
    await handle.close();
    await direct?.close();
    if (!direct) context.skip('this file system knows no direct writes');
    expect(direct).toBeDefined();
  });

  it.each([
    [1, 1],
    [4095, 4096],
    [4096, 1000],
    [MIB - 1, 65_552],
    [MIB, 65_552],
    [MIB + 1, 65_552],
    [2 * MIB, 3 * MIB],
    [3 * MIB + 4097, 70_001],
    [5 * MIB + 12, MIB],
  ])('keeps %d bytes that come in pieces of %d', async (size, piece) => {
    const path = join(folder, 'file');
    const handle = await open(path, 'wx');
    const direct = (await openDirect(path)) ?? handle;
    const bytes = randomBytes(size);
    await writeDirectly(direct, handle, pieces(bytes, piece), new DirectSlots().take()!);
    if (direct !== handle) await direct.close();
    await handle.close();
    expect((await readFile(path)).equals(bytes)).toBe(true);
  });

  it('gives way to ordinary writes while all its memory is in use', async () => {
    const store = await fileBlobStore({ folder });
    const blobs = Array.from({ length: 20 }, (_, n) => ({ id: newBlobId(), bytes: randomBytes(2 * MIB + n * 1000) }));
    await Promise.all(blobs.map(({ id, bytes }) => store.put(id, bytes.length, pieces(bytes, 65_552))));
    for (const { id, bytes } of blobs) expect((await buffer(await store.get(id))).equals(bytes)).toBe(true);
  });

  it('takes its memory back from a body that breaks, and leaves nothing of it', async () => {
    const store = await fileBlobStore({ folder });
    async function* breaking(): AsyncGenerator<Buffer> {
      yield randomBytes(DIRECT_FROM_BYTES + MIB);
      throw new Error('the client went away');
    }
    for (let n = 0; n < 30; n++) {
      await expect(store.put(newBlobId(), 4 * MIB, breaking())).rejects.toThrow('the client went away');
    }
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
    const [id, bytes] = [newBlobId(), randomBytes(4 * MIB)];
    await store.put(id, bytes.length, pieces(bytes, 65_552));
    expect((await buffer(await store.get(id))).equals(bytes)).toBe(true);
  });

  it('writes through the ordinary handle what the direct one refuses', async () => {
    const path = join(folder, 'file');
    const handle = await open(path, 'wx');
    const refusing = {
      write: () => Promise.reject(Object.assign(new Error('alignment'), { code: 'EINVAL' })),
    } as unknown as typeof handle;
    const bytes = randomBytes(2 * MIB + 5);
    await writeDirectly(refusing, handle, pieces(bytes, 100_000), new DirectSlots().take()!);
    await handle.close();
    expect((await readFile(path)).equals(bytes)).toBe(true);
  });

  it('fails with the reason of a write that failed', async () => {
    const path = join(folder, 'file');
    const handle = await open(path, 'wx');
    const full = {
      write: () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' })),
    } as unknown as typeof handle;
    const writing = writeDirectly(full, handle, pieces(randomBytes(3 * MIB), MIB), new DirectSlots().take()!);
    await expect(writing).rejects.toMatchObject({ code: 'ENOSPC' });
    await handle.close();
  });
});
