import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { beforeAll, describe, expect, it } from 'vitest';
import { bucketName, cleanUp, newBucket } from './harness/buckets.ts';
import { aws, curl, python } from './harness/cli.ts';
import { s3 } from './harness/clients.ts';
import { call } from './harness/sign.ts';
import { present, stack } from './harness/stack.ts';
import { bytes } from './harness/data.ts';

/** Whatever the name: the stack is here. The machine's resolver need not know `*.s3.localhost`. */
const lookup = (_: string, options: { all?: boolean }, done: (...found: unknown[]) => void) =>
  options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);

describe.runIf(present)('addresses', () => {
  let bucket: string;
  const ports = () => ({ http: new URL(stack().endpoint).port, https: new URL(stack().httpsEndpoint!).port });
  beforeAll(async () => {
    bucket = await newBucket({ purpose: 'addr' });
    await s3().send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x' }));
  });

  describe.each(['http', 'https'] as const)('virtual-host style over %s', (scheme) => {
    const virtual = () =>
      s3({
        forcePathStyle: false,
        endpoint: `${scheme}://s3.localhost:${ports()[scheme]}`,
        requestHandler: new NodeHttpHandler({
          httpAgent: new HttpAgent({ lookup: lookup as never }),
          httpsAgent: new HttpsAgent({ lookup: lookup as never, ca: readFileSync(stack().caBundle!) }),
        }),
      });

    it('serves buckets and objects', async () => {
      const client = virtual();
      await client.send(new HeadBucketCommand({ Bucket: bucket }));
      const body = bytes(100_000);
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a folder/ü', Body: body }));
      const got = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'a folder/ü' }));
      expect(Buffer.from(await got.Body!.transformToByteArray()).equals(body)).toBe(true);
      const listed = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      expect(listed.Contents?.map(({ Key }) => Key)).toContain('k');
      expect((await call({ path: `/${bucket}/k` })).text).toBe('x');
    });

    it('a bucket made so is the same by path', async () => {
      const name = cleanUp(bucketName('virtual'));
      await virtual().send(new CreateBucketCommand({ Bucket: name }));
      await s3().send(new HeadBucketCommand({ Bucket: name }));
    });

    it('a key may look like the bucket', async () => {
      await virtual().send(new PutObjectCommand({ Bucket: bucket, Key: `${bucket}/k`, Body: 'inner' }));
      expect((await call({ path: `/${bucket}/${bucket}/k` })).text).toBe('inner');
      expect((await call({ path: `/${bucket}/k` })).text).toBe('x');
    });

    it('presigned URLs open with curl', async () => {
      const url = await getSignedUrl(virtual(), new GetObjectCommand({ Bucket: bucket, Key: 'k' }));
      expect(url).toMatch(new RegExp(`^${scheme}://${bucket}\\.s3\\.localhost:`));
      const resolve = `${bucket}.s3.localhost:${ports()[scheme]}:127.0.0.1`;
      expect(await curl(['--noproxy', '*', '--resolve', resolve, '--cacert', stack().caBundle!, url])).toMatchObject({
        status: 200,
        body: 'x',
      });
    });
  });

  describe('https', () => {
    it('is trusted with the bundle alone', async () => {
      const url = `${stack().httpsEndpoint}/${bucket}`;
      expect((await curl(['--cacert', stack().caBundle!, url])).status).toBe(403);
      expect((await curl([url])).exit).not.toBe(0);
    });

    it('serves the AWS CLI and boto3', async () => {
      expect(await aws(['s3', 'ls', `s3://${bucket}/k`], { https: true })).toContain('k');
      const answer = await python(
        `
import boto3, json, sys, io
s3 = boto3.client('s3')
s3.upload_fileobj(io.BytesIO(b'y' * 20_000_000), sys.argv[1], 'boto')
body = s3.get_object(Bucket=sys.argv[1], Key='boto')['Body'].read()
print(json.dumps([len(body), body == b'y' * 20_000_000]))
`,
        { https: true, args: [bucket] },
      );
      expect(answer).toEqual([20_000_000, true]);
    });

    it('offers no protocol older than TLS 1.2', async () => {
      const url = `${stack().httpsEndpoint}/`;
      expect((await curl(['--cacert', stack().caBundle!, '--tls-max', '1.1', '--tlsv1.0', url])).exit).not.toBe(0);
      expect((await curl(['--cacert', stack().caBundle!, '--tlsv1.3', url])).exit).toBe(0);
    });
  });

  it('only loopback is listened on unless asked otherwise', async () => {
    const { networkInterfaces } = await import('node:os');
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === 'IPv4' && !address.internal);
    if (outside === undefined || stack().mode === 'given') return;
    const { exit } = await curl([
      '--noproxy',
      '*',
      '--connect-timeout',
      '3',
      `http://${outside.address}:${ports().http}/`,
    ]);
    expect(exit).not.toBe(0);
  });
});
