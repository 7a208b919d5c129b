import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { newBucket } from './harness/buckets.ts';
import { aws } from './harness/cli.ts';
import { s3 } from './harness/clients.ts';
import { MiB } from './harness/data.ts';
import { processesOf, watchMemory } from './harness/processes.ts';
import { native, present, stack } from './harness/stack.ts';
import { collect, hash, hashes, pseudoRandomFile } from './harness/trees.ts';

const quick = process.env['COFFER_E2E_QUICK'] === '1';
const FILES = quick ? 400 : 5_000;
const LARGE = (quick ? 128 : 1024) * MiB;
const GATEWAY_MAY_HOLD = 300 * MiB;
const MINUTES = 60_000;

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
      const [gateway] = native ? processesOf(pid!, 'gateway/dist/program/main.js') : [pid];
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
