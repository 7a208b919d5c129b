import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileBlobStore, newBlobId } from '../index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coffer-blobs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const one = async function* (bytes: Buffer) {
  yield bytes;
};

describe('a killed writer', () => {
  const script = fileURLToPath(new URL('../testkit/crash-writer.ts', import.meta.url));

  /** Runs the writer, kills it a while after its first blob, and gives what it acknowledged. */
  async function runAndKill(delayMs: number): Promise<Map<string, string>> {
    const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (text: Buffer) => {
      if (!output) setTimeout(() => child.kill('SIGKILL'), delayMs);
      output += text.toString();
    });
    await new Promise((resolve) => child.once('close', resolve));
    const lines = output.split('\n').filter((line) => /^\S{37} [0-9a-f]{64}$/.test(line));
    return new Map(lines.map((line) => line.split(' ') as [string, string]));
  }

  it('leaves every acknowledged blob whole, nothing half visible, and only temporary files to sweep', async () => {
    const acknowledged = new Map<string, string>();
    for (const delay of [5, 17, 31, 60, 110]) {
      for (const [id, hash] of await runAndKill(delay)) acknowledged.set(id, hash);
    }
    expect(acknowledged.size).toBeGreaterThan(4);
    const leftOver = await readdir(join(folder, 'tmp'));
    expect(leftOver.length).toBeGreaterThan(0);

    const store = await fileBlobStore({ folder });
    const listed = await store.list({ limit: 1000 });
    expect(new Set(listed.map((entry) => entry.size))).toEqual(new Set([1_000_000]));
    for (const [id, hash] of acknowledged) {
      expect(
        createHash('sha256')
          .update(await buffer(await store.get(id)))
          .digest('hex'),
      ).toBe(hash);
    }
    expect(await readdir(join(folder, 'tmp'))).toEqual(leftOver);
    await fileBlobStore({ folder, staleAfterMs: 0 });
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
    expect(await store.list({ limit: 1000 })).toEqual(listed);
  });
});

describe('the folder', () => {
  it('is for this user alone', async () => {
    const inside = join(folder, 'new', 'store');
    const store = await fileBlobStore({ folder: inside });
    const id = newBlobId();
    await store.put(id, 1, one(Buffer.from('x')));
    expect((await stat(inside)).mode & 0o077).toBe(0);
    const path = join(inside, 'blobs', id.slice(0, 10), id.slice(11, 12), id);
    expect((await stat(path)).mode & 0o077).toBe(0);
  });

  it('keeps young temporary files at the start', async () => {
    await fileBlobStore({ folder });
    await writeFile(join(folder, 'tmp', 'young'), 'x');
    await writeFile(join(folder, 'tmp', 'old'), 'x');
    const hoursAgo = new Date(Date.now() - 2 * 3600_000);
    await utimes(join(folder, 'tmp', 'old'), hoursAgo, hoursAgo);
    await fileBlobStore({ folder });
    expect(await readdir(join(folder, 'tmp'))).toEqual(['young']);
  });

  it('loses empty folders of past hours, and works on when they are gone', async () => {
    const past = new Date('2020-01-01T00:00Z');
    const store = await fileBlobStore({ folder });
    const id = newBlobId(past);
    await store.put(id, 1, one(Buffer.from('x')));
    await store.delete(id);
    expect(await readdir(join(folder, 'blobs'))).toEqual([]);
    await store.put(id, 1, one(Buffer.from('y')));
    expect((await buffer(await store.get(id))).toString()).toBe('y');
  });

  it('shows only blobs, whatever else lies there', async () => {
    const store = await fileBlobStore({ folder });
    const id = newBlobId();
    await store.put(id, 1, one(Buffer.from('x')));
    const shard = join(folder, 'blobs', id.slice(0, 10), id.slice(11, 12));
    await writeFile(join(shard, 'stranger'), 'x');
    await writeFile(join(folder, 'blobs', 'stranger'), 'x');
    await mkdir(join(folder, 'blobs', id.slice(0, 10), 'zz'));
    expect((await store.list({ limit: 10 })).map((entry) => entry.id)).toEqual([id]);
  });

  it('that cannot be used is named', async () => {
    await writeFile(join(folder, 'file'), 'x');
    await expect(fileBlobStore({ folder: join(folder, 'file') })).rejects.toMatchObject({
      code: 'BlobStoreUnavailable',
    });
    const store = await fileBlobStore({ folder: join(folder, 'gone') });
    await store.check();
    await rm(join(folder, 'gone'), { recursive: true });
    await expect(store.check()).rejects.toMatchObject({ code: 'BlobStoreUnavailable', retryable: true });
    await expect(store.put(newBlobId(), 1, one(Buffer.from('x')))).rejects.toMatchObject({
      code: 'BlobStoreUnavailable',
    });
  });
});

describe('a full disk', () => {
  const canMount = process.platform === 'linux' && process.getuid?.() === 0;

  it('is named and leaves nothing (skipped where no file system can be mounted)', async ({ skip }) => {
    skip(!canMount, 'only root can mount a small file system, and on Linux');
    const small = join(folder, 'small');
    await mkdir(small);
    skip(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', small]).status !== 0, 'mounting is not permitted');
    try {
      const store = await fileBlobStore({ folder: small });
      const id = newBlobId();
      const body = async function* () {
        for (let count = 0; count < 40; count += 1) yield Buffer.alloc(100_000);
      };
      await expect(store.put(id, 4_000_000, body())).rejects.toMatchObject({
        code: 'BlobStoreFull',
        retryable: false,
      });
      expect(await readdir(join(small, 'tmp'))).toEqual([]);
      await expect(store.get(id)).rejects.toMatchObject({ code: 'BlobNotFound' });
      await store.put(id, 10, one(Buffer.alloc(10)));
    } finally {
      spawnSync('umount', [small]);
    }
  });
});
