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
import { hash, pseudoRandomFile } from './harness/trees.ts';

const quick = process.env['COFFER_E2E_QUICK'] === '1';
const LARGE = (quick ? 128 : 1024) * MiB;
const GATEWAY_MAY_HOLD = 300 * MiB;
const MINUTES = 60_000;

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
