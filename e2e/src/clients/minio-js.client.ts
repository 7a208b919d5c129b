import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Transform } from 'node:stream';
import { Client, CopyDestinationOptions, CopySourceOptions, S3Error } from 'minio';
import { beforeAll, expect, it } from 'vitest';
import { newUser } from '../harness/accounts.ts';
import type { Keys } from '../harness/clients.ts';
import { bytes, md5, MiB } from '../harness/data.ts';
import { stack } from '../harness/stack.ts';
import { hash, pseudoRandomFile } from '../harness/trees.ts';
import { clientFolder } from './client-program.ts';
import { bucketToMake, clientBucket, manyKeys } from './host-names.ts';
import { MANY, manyKey } from './many-keys.ts';
import { moduleVersion } from './module-version.ts';
import { nodeAgents } from './node-agents.ts';
import { onCells } from './on-cells.ts';
import { openUrl } from './open-url.ts';
import { LARGE, ODD_NAMES } from './samples.ts';

onCells({ name: 'minio-js', version: () => moduleVersion('minio') }, (cell) => {
  let bucket: string;
  let client: Client;
  let folder: string;
  const as = ({ accessKeyId, secretAccessKey }: Keys) => {
    const { httpAgent, httpsAgent } = nodeAgents();
    return new Client({
      endPoint: cell.hostname,
      port: cell.port,
      useSSL: cell.secure,
      accessKey: accessKeyId,
      secretKey: secretAccessKey,
      region: stack().region,
      pathStyle: cell.pathStyle,
      partSize: 5 * MiB,
      transportAgent: cell.secure ? httpsAgent : httpAgent,
    });
  };
  const get = async (key: string, from = client) => await buffer(await from.getObject(bucket, key));
  const refused = async (attempt: Promise<unknown>) => {
    const error = await attempt.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(S3Error);
    return (error as S3Error).code;
  };

  beforeAll(async () => {
    folder = await clientFolder('minio-js');
    client = as(stack());
    bucket = await clientBucket();
  });

  it('makes and removes a bucket', async () => {
    const made = bucketToMake();
    await client.makeBucket(made);
    expect(await client.bucketExists(made)).toBe(true);
    expect((await client.listBuckets()).map(({ name }) => name)).toContain(made);
    await client.removeBucket(made);
    expect(await client.bucketExists(made)).toBe(false);
  });

  it('puts and gets odd keys, and an empty object', async () => {
    for (const key of ODD_NAMES) {
      const data = bytes(3_000);
      expect((await client.putObject(bucket, key, data, data.length)).etag).toBe(md5(data));
      expect((await get(key)).equals(data)).toBe(true);
    }
    await client.putObject(bucket, 'empty', Buffer.alloc(0), 0);
    expect(await get('empty')).toHaveLength(0);
  });

  it('uploads a stream of unknown length in parts', async () => {
    const data = bytes(17 * MiB + 9);
    const stream = new PassThrough();
    Readable.from(Array.from({ length: 18 }, (_, n) => data.subarray(n * MiB, (n + 1) * MiB))).pipe(stream);
    const done = await client.putObject(bucket, 'stream', stream as Transform);
    expect(done.etag).toMatch(/-4$/);
    expect((await get('stream')).equals(data)).toBe(true);
  });

  it('uploads a large file in parts and gets it, whole and a range', async () => {
    const [up, down] = [join(folder, 'up'), join(folder, 'down')];
    await pseudoRandomFile(up, LARGE);
    const done = await client.fPutObject(bucket, 'large', up, { 'X-Amz-Meta-Colour': 'blue' });
    expect(done.etag).toMatch(/-5$/);
    expect(await client.statObject(bucket, 'large')).toMatchObject({ size: LARGE, metaData: { colour: 'blue' } });
    await client.fGetObject(bucket, 'large', down);
    expect(await hash(down)).toBe(await hash(up));
    const range = await buffer(await client.getPartialObject(bucket, 'large', 5 * MiB - 10, 20));
    expect(range.equals(readFileSync(up).subarray(5 * MiB - 10, 5 * MiB + 10))).toBe(true);
  });

  it('copies on the server', async () => {
    writeFileSync(join(folder, 'from'), bytes(100_000));
    await client.fPutObject(bucket, 'from +ü', join(folder, 'from'));
    await client.copyObject(
      new CopySourceOptions({ Bucket: bucket, Object: 'from +ü' }),
      new CopyDestinationOptions({ Bucket: bucket, Object: 'to' }),
    );
    expect((await get('to')).equals(readFileSync(join(folder, 'from')))).toBe(true);
  });

  it('signs URLs that put and get without keys', async () => {
    const data = bytes(60_000);
    const put = await client.presignedPutObject(bucket, 'signed/ü +', 60);
    expect(put).toContain(cell.pathStyle ? `${cell.endpoint}/${bucket}/` : `://${bucket}.${cell.host}/`);
    expect((await openUrl(put, 'PUT', data)).status).toBe(200);
    const got = await openUrl(await client.presignedGetObject(bucket, 'signed/ü +', 60));
    expect(got.body.equals(data)).toBe(true);
    expect((await openUrl(put)).error['Code']).toBe('SignatureDoesNotMatch');
  });

  it('lists more than a page', async () => {
    const keys: string[] = [];
    for await (const { name } of client.listObjectsV2(manyKeys(), '', true)) keys.push(name as string);
    expect(keys).toEqual(Array.from({ length: MANY }, (_, n) => manyKey(n)));
  });

  it('removes one and many', async () => {
    const keys = ['gone/a', 'gone/b c', 'gone/ü&<>'];
    for (const key of keys) await client.putObject(bucket, key, 'x');
    await client.removeObject(bucket, keys[0]!);
    await client.removeObjects(bucket, keys.slice(1));
    for (const key of keys) expect(await refused(get(key))).toBe('NoSuchKey');
  });

  it('throws what was refused', async () => {
    expect(await refused(get('absent'))).toBe('NoSuchKey');
    expect(await refused(client.statObject(bucket, 'absent'))).toBe('NotFound');
    const elsewhere = client.getObject(`${bucket}-not`, 'k');
    if (cell.pathStyle) expect(await refused(elsewhere)).toBe('NoSuchBucket');
    else await expect(elsewhere).rejects.toThrow(/ENOTFOUND/);
    expect(await refused(get('empty', as(await newUser())))).toBe('AccessDenied');
    const wrong = as({ accessKeyId: stack().accessKeyId, secretAccessKey: 'wrong' });
    expect(await refused(get('empty', wrong))).toBe('SignatureDoesNotMatch');
    expect(await refused(client.getBucketLifecycle(bucket))).toBe('NotImplemented');
  });
});
