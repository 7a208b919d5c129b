import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newBucket } from './harness/buckets.ts';
import { aws } from './harness/cli.ts';
import { present, stack } from './harness/stack.ts';
import { collect, hashes } from './harness/trees.ts';

const quick = process.env['COFFER_E2E_QUICK'] === '1';
const FILES = quick ? 400 : 5_000;
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
