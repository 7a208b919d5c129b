import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bucketName, cleanUp } from './harness/buckets.ts';
import { aws, curl } from './harness/cli.ts';
import { bytes } from './harness/data.ts';
import { present, stack } from './harness/stack.ts';

describe.runIf(present)('a first session with the AWS CLI', () => {
  it('makes a bucket, uploads, lists, downloads, shares and removes', async () => {
    const { scratch } = stack();
    const bucket = bucketName('smoke');
    const file = join(scratch, 'first');
    writeFileSync(file, bytes(100_000));

    expect(await aws(['s3', 'mb', `s3://${bucket}`])).toContain(`make_bucket: ${bucket}`);
    cleanUp(bucket);
    expect(await aws(['s3', 'ls'])).toContain(bucket);
    await aws(['s3', 'cp', '--quiet', file, `s3://${bucket}/folder/first`]);
    expect(await aws(['s3', 'ls', `s3://${bucket}`])).toMatch(/PRE folder\//);
    expect(await aws(['s3', 'ls', `s3://${bucket}/folder/`])).toMatch(/100000 first/);
    await aws(['s3', 'cp', '--quiet', `s3://${bucket}/folder/first`, join(scratch, 'back')]);
    expect(readFileSync(join(scratch, 'back')).equals(readFileSync(file))).toBe(true);

    const url = (await aws(['s3', 'presign', `s3://${bucket}/folder/first`])).trim();
    expect((await curl(['-o', join(scratch, 'shared'), url])).status).toBe(200);
    expect(readFileSync(join(scratch, 'shared')).equals(readFileSync(file))).toBe(true);

    await aws(['s3', 'rm', '--quiet', `s3://${bucket}/folder/first`]);
    expect(await aws(['s3', 'ls', `s3://${bucket}`])).toBe('');
    await aws(['s3', 'rb', `s3://${bucket}`]);
    expect(await aws(['s3', 'ls'])).not.toContain(bucket);
  });
});
