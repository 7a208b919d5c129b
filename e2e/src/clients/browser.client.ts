import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CORSRule } from '@aws-sdk/client-s3';
import { GetObjectCommand, PutBucketCorsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { BrowserContext, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { s3 } from '../harness/clients.ts';
import { bytes, MiB, sha256 } from '../harness/data.ts';
import { clientEnvironment } from '../harness/environment.ts';
import { expectAbsent } from '../harness/errors.ts';
import { stack } from '../harness/stack.ts';
import type { ServedPage } from './browser-page.ts';
import { servePage } from './browser-page.ts';
import { ClientProgram, clientFolder, versionOf } from './client-program.ts';
import { clientBucket } from './host-names.ts';
import { onCells } from './on-cells.ts';
import { stored } from './samples.ts';

const version = () => versionOf('/usr/bin/chromium', ['--version'], /^Chromium (\S+)/);
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-proxy-server',
];

interface Uploaded {
  readonly status: number;
  readonly loaded: readonly number[];
  readonly etag: string | null;
  readonly sha256: string;
}

/** The status is 0 where the browser kept the answer from the page. */
interface Downloaded {
  readonly status: number;
  readonly type: string | null;
  readonly size: number;
  readonly sha256: string;
}

onCells({ name: 'browser', programs: ['chromium', 'certutil'], version }, (cell) => {
  let context: BrowserContext;
  let page: Page;
  let served: ServedPage;
  const client = () =>
    s3({ endpoint: cell.endpoint, forcePathStyle: cell.pathStyle, requestChecksumCalculation: 'WHEN_REQUIRED' });
  const input = (bucket: string, key: string) => ({ Bucket: bucket, Key: key });
  const putUrl = (bucket: string, key: string) => getSignedUrl(client(), new PutObjectCommand(input(bucket, key)));
  const getUrl = (bucket: string, key: string) => getSignedUrl(client(), new GetObjectCommand(input(bucket, key)));
  const upload = async (url: string, size: number) =>
    await page.evaluate<Uploaded>(`upload(${JSON.stringify(url)}, ${size})`);
  const download = async (url: string) => await page.evaluate<Downloaded>(`download(${JSON.stringify(url)})`);

  const bucketWith = async (...CORSRules: CORSRule[]) => {
    const bucket = await clientBucket();
    const CORSConfiguration = { CORSRules };
    if (CORSRules.length > 0) await s3().send(new PutBucketCorsCommand({ Bucket: bucket, CORSConfiguration }));
    return bucket;
  };

  beforeAll(async () => {
    const home = await clientFolder('browser');
    const database = join(home, '.pki', 'nssdb');
    mkdirSync(database, { recursive: true });
    const certutil = new ClientProgram('certutil', home, {});
    await certutil.run(['-d', `sql:${database}`, '-N', '--empty-password']);
    if (cell.secure)
      await certutil.run(['-d', `sql:${database}`, '-A', '-t', 'C,,', '-n', 'Coffer', '-i', stack().caBundle!]);
    served = await servePage();
    context = await chromium.launchPersistentContext(join(home, 'profile'), {
      executablePath: '/usr/bin/chromium',
      args: ARGUMENTS,
      env: { ...clientEnvironment(stack().scratch), HOME: home },
    });
    page = await context.newPage();
    await page.goto(served.origin);
  });

  afterAll(async () => {
    await context?.close();
    await served?.close();
  });

  it('uploads with progress and downloads, where the rule of the bucket allows its origin', async () => {
    const bucket = await bucketWith({
      AllowedOrigins: [served.origin],
      AllowedMethods: ['GET', 'PUT'],
      AllowedHeaders: ['content-type'],
      ExposeHeaders: ['ETag'],
    });
    const size = 24 * MiB + 5;
    const key = 'from a page/ü +';
    const up = await upload(await putUrl(bucket, key), size);
    expect(up).toMatchObject({ status: 200, etag: expect.stringMatching(/^"[0-9a-f]{32}"$/) });
    expect(up.loaded.length, 'progress is told more than once').toBeGreaterThan(1);
    expect(up.loaded.at(-1)).toBe(size);
    expect(sha256(await stored(bucket, key))).toBe(up.sha256);
    const down = await download(await getUrl(bucket, key));
    expect(down).toEqual({ status: 200, type: 'application/x-test', size, sha256: up.sha256 });
  });

  it('sees why a request was refused', async () => {
    const bucket = await bucketWith({ AllowedOrigins: ['*'], AllowedMethods: ['GET'] });
    expect((await download(await getUrl(bucket, 'absent'))).status).toBe(404);
    const url = new URL(await getUrl(bucket, 'absent'));
    url.searchParams.set('X-Amz-Signature', '0'.repeat(64));
    expect((await download(url.href)).status).toBe(403);
  });

  it('is kept from writing where a rule allows it to read only', async () => {
    const bucket = await bucketWith({ AllowedOrigins: [served.origin], AllowedMethods: ['GET'] });
    const data = bytes(100_000);
    await s3().send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: data }));
    expect((await download(await getUrl(bucket, 'k'))).sha256).toBe(sha256(data));
    expect(await upload(await putUrl(bucket, 'refused'), 1_000)).toMatchObject({ status: 0, etag: null });
    await expectAbsent(bucket, 'refused');
  });

  it('reads nothing where the rule names another origin, or there is none', async () => {
    const other = await bucketWith({ AllowedOrigins: ['https://other.example'], AllowedMethods: ['GET', 'PUT'] });
    const none = await bucketWith();
    for (const bucket of [other, none]) {
      await s3().send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x' }));
      expect((await download(await getUrl(bucket, 'k'))).status, 'the page sees no answer').toBe(0);
      expect((await upload(await putUrl(bucket, 'refused'), 1_000)).status).toBe(0);
      await expectAbsent(bucket, 'refused');
    }
  });
});
