import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { newBucket } from './harness/buckets.ts';
import { aws } from './harness/cli.ts';
import { s3 } from './harness/clients.ts';
import { MiB } from './harness/data.ts';
import { workspace } from './harness/paths.ts';
import { processesOf, watchMemory } from './harness/processes.ts';
import { native, present, stack } from './harness/stack.ts';

const quick = process.env['COFFER_E2E_QUICK'] === '1';
const FILES = quick ? 400 : 5_000;
const LARGE = (quick ? 128 : 1024) * MiB;
const GATEWAY_MAY_HOLD = 300 * MiB;
const MINUTES = 60_000;

/** Real files: this workspace's dependencies. */
async function* files(folder: string): AsyncGenerator<string> {
  for (const entry of (await readdir(folder, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !entry.name.startsWith('.')) yield* files(path);
    else if (entry.isFile() && (await stat(path)).size <= MiB) yield path;
  }
}

async function collect(into: string, count: number): Promise<void> {
  const source = join(workspace, 'node_modules');
  let n = 0;
  for await (const path of files(source)) {
    const target = join(into, relative(source, path));
    await mkdir(dirname(target), { recursive: true });
    await copyFile(path, target);
    n += 1;
    if (n === count) return;
  }
  throw new Error(`node_modules has ${n} files, not ${count}`);
}

/** Path → hash of every file below a folder. */
async function hashes(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found.set(relative(folder, path), await hash(path));
  }
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

async function hash(path: string): Promise<string> {
  const digest = createHash('sha256');
  await pipeline(createReadStream(path), digest);
  return digest.digest('hex');
}

/** Bytes that no store can compress or guess, as fast as the disk takes them. */
async function pseudoRandomFile(path: string, size: number): Promise<void> {
  function* zeros() {
    for (let left = size; left > 0; left -= MiB) yield Buffer.alloc(Math.min(MiB, left));
  }
  await pipeline(zeros, createCipheriv('aes-128-ctr', randomBytes(16), randomBytes(16)), createWriteStream(path));
}

describe.runIf(present)('aws s3 sync', () => {
  it(`${FILES} real files up and down again compare equal`, { timeout: 20 * MINUTES }, async () => {
    const bucket = await newBucket({ purpose: 'sync' });
    const [up, down] = [join(stack().scratch, 'sync-up'), join(stack().scratch, 'sync-down')];
    await collect(up, FILES);
    const started = Date.now();
    await aws(['s3', 'sync', '--only-show-errors', up, `s3://${bucket}/tree`]);
    const stored = Date.now();
    await aws(['s3', 'sync', '--only-show-errors', `s3://${bucket}/tree`, down]);
    console.log(`${FILES} files: up ${stored - started} ms, down ${Date.now() - stored} ms`);
    const expected = await hashes(up);
    expect(expected.size).toBe(FILES);
    expect(await hashes(down)).toEqual(expected);

    expect(await aws(['s3', 'sync', up, `s3://${bucket}/tree`]), 'a second sync has nothing to do').toBe('');
    const [one] = expected.keys();
    await rm(join(up, one!));
    expect(await aws(['s3', 'sync', '--delete', '--no-progress', up, `s3://${bucket}/tree`])).toBe(
      `delete: s3://${bucket}/tree/${one}\n`,
    );
    await Promise.all([up, down].map((folder) => rm(folder, { recursive: true })));
    await aws(['s3', 'rm', '--recursive', '--only-show-errors', `s3://${bucket}`]);
  });
});

describe.runIf(present)('a large file', () => {
  it(
    `of ${LARGE / MiB} MiB goes up by multipart and down by ranges in little memory`,
    { timeout: 20 * MINUTES },
    async () => {
      const bucket = await newBucket({ purpose: 'large' });
      const [up, down] = [join(stack().scratch, 'large-up'), join(stack().scratch, 'large-down')];
      await pseudoRandomFile(up, LARGE);
      const { pid } = stack();
      const [gateway] = native ? processesOf(pid!, 'gateway/dist/main.js') : [pid];
      if (native) expect(gateway, 'the gateway is a process of its own').toBeDefined();
      const memory = gateway === undefined ? () => Number.NaN : watchMemory(gateway);
      const started = Date.now();
      await aws(['s3', 'cp', '--only-show-errors', up, `s3://${bucket}/large`]);
      const stored = Date.now();
      await aws(['s3', 'cp', '--only-show-errors', `s3://${bucket}/large`, down]);
      const most = memory();
      console.log(
        `${LARGE / MiB} MiB: up ${stored - started} ms, down ${Date.now() - stored} ms, ` +
          `${native ? 'gateway' : 'whole process'} at most ${Math.round(most / MiB)} MiB`,
      );
      const head = await s3().send(new HeadObjectCommand({ Bucket: bucket, Key: 'large' }));
      expect(head.ContentLength).toBe(LARGE);
      expect(head.ETag).toMatch(new RegExp(`-${LARGE / (8 * MiB)}"$`));
      expect(await hash(down)).toBe(await hash(up));
      if (native) expect(most).toBeLessThan(GATEWAY_MAY_HOLD);
      await Promise.all([up, down].map((file) => rm(file)));
    },
  );
});
