import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketWebsiteCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  NoSuchBucket,
  NoSuchKey,
  NoSuchUpload,
  NotFound,
  paginateListObjectsV2,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  waitUntilObjectExists,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { beforeAll, describe, expect, it } from 'vitest';
import { newUser } from '../harness/accounts.ts';
import type { Keys } from '../harness/clients.ts';
import { bytes, md5, MiB } from '../harness/data.ts';
import { stack } from '../harness/stack.ts';
import { clientBucket, manyKeys } from './host-names.ts';
import { MANY, manyKey } from './many-keys.ts';
import { moduleVersion } from './module-version.ts';
import { nodeAgents } from './node-agents.ts';
import { onCells } from './on-cells.ts';
import { openUrl } from './open-url.ts';
import { ODD_NAMES } from './samples.ts';

onCells({ name: 'aws-sdk-js', version: () => moduleVersion('@aws-sdk/client-s3') }, (cell) => {
  let bucket: string;
  let client: S3Client;
  /** As an application has it: with the defaults for checksums and retries. */
  const as = (credentials: Keys) =>
    new S3Client({
      endpoint: cell.endpoint,
      region: stack().region,
      credentials,
      forcePathStyle: cell.pathStyle,
      requestHandler: new NodeHttpHandler(nodeAgents()),
    });
  const get = async (Key: string) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
    return Buffer.from(await Body!.transformToByteArray());
  };
  const refusal = async (attempt: Promise<unknown>) => {
    const error = await attempt.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(S3ServiceException);
    return error as S3ServiceException;
  };

  beforeAll(async () => {
    client = as(stack());
    bucket = await clientBucket();
  });

  it('puts and gets odd keys, with the checksum that it adds by itself', async () => {
    for (const key of [...ODD_NAMES, 'a//b/', '/slash']) {
      const data = bytes(3_000);
      const put = await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: data }));
      expect(put).toMatchObject({ ETag: `"${md5(data)}"`, ChecksumCRC32: expect.stringMatching(/^.{6}==$/) });
      expect((await get(key)).equals(data)).toBe(true);
    }
  });

  it('puts an empty object and one with metadata', async () => {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'empty', Body: '' }));
    expect(await get('empty')).toHaveLength(0);
    const Metadata = { colour: 'blue' };
    const wanted = { ContentType: 'text/plain; charset=utf-8', CacheControl: 'no-store', Metadata };
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'described', Body: 'x', ...wanted }));
    expect(await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'described' }))).toMatchObject(wanted);
    await waitUntilObjectExists({ client, minDelay: 1, maxWaitTime: 10 }, { Bucket: bucket, Key: 'described' });
  });

  describe('lib-storage', () => {
    it('uploads a stream of unknown length in parts, with progress', async () => {
      const data = bytes(22 * MiB + 7);
      const Body = Readable.from(Array.from({ length: 23 }, (_, n) => data.subarray(n * MiB, (n + 1) * MiB)));
      const upload = new Upload({ client, params: { Bucket: bucket, Key: 'stream', Body } });
      const seen: number[] = [];
      upload.on('httpUploadProgress', ({ loaded }) => seen.push(loaded ?? 0));
      const done = await upload.done();
      expect(done.ETag).toMatch(/-5"$/);
      expect(Math.max(...seen)).toBe(data.length);
      expect((await get('stream')).equals(data)).toBe(true);
    });

    it('uploads a short stream in one request', async () => {
      const Body = Readable.from([Buffer.from('short')]);
      const done = await new Upload({ client, params: { Bucket: bucket, Key: 'short', Body } }).done();
      expect(done.ETag).toBe(`"${md5('short')}"`);
      expect((await get('short')).toString()).toBe('short');
    });

    it('aborts', async () => {
      const Body = Readable.from(
        (async function* endless() {
          for (;;) yield await Promise.resolve(Buffer.alloc(MiB));
        })(),
      );
      const upload = new Upload({ client, params: { Bucket: bucket, Key: 'aborted', Body } });
      upload.on('httpUploadProgress', () => void upload.abort());
      await expect(upload.done()).rejects.toThrow(/abort/i);
      expect((await refusal(client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'aborted' })))).name).toBe(
        'NotFound',
      );
    });
  });

  it('copies, reads a range, and reads only what has changed', async () => {
    const data = bytes(200_000);
    const { ETag } = await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'from +ü', Body: data }));
    const CopySource = `${bucket}/${encodeURIComponent('from +ü')}`;
    await client.send(new CopyObjectCommand({ Bucket: bucket, Key: 'to', CopySource }));
    expect((await get('to')).equals(data)).toBe(true);
    const range = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'to', Range: 'bytes=-1000' }));
    expect(Buffer.from(await range.Body!.transformToByteArray()).equals(data.subarray(-1_000))).toBe(true);
    const unchanged = new GetObjectCommand({ Bucket: bucket, Key: 'from +ü', IfNoneMatch: ETag! });
    expect((await refusal(client.send(unchanged))).$metadata.httpStatusCode).toBe(304);
  });

  it('signs URLs that put and get without keys', async () => {
    const data = bytes(60_000);
    const object = { Bucket: bucket, Key: 'signed/ü +' };
    const url = await getSignedUrl(client, new PutObjectCommand(object), { expiresIn: 60 });
    expect(url).toContain(cell.pathStyle ? `${cell.endpoint}/${bucket}/` : `://${bucket}.${cell.host}/`);
    expect((await openUrl(url, 'PUT', data)).status).toBe(200);
    const got = await openUrl(await getSignedUrl(client, new GetObjectCommand(object), { expiresIn: 60 }));
    expect(got.body.equals(data)).toBe(true);
    expect((await openUrl(url)).error['Code']).toBe('SignatureDoesNotMatch');
  });

  it('lists more than a page', async () => {
    const keys: string[] = [];
    for await (const { Contents } of paginateListObjectsV2({ client }, { Bucket: manyKeys() }))
      keys.push(...(Contents ?? []).map(({ Key }) => Key!));
    expect(keys).toEqual(Array.from({ length: MANY }, (_, n) => manyKey(n)));
  });

  it('deletes one and many', async () => {
    const keys = ['gone/a', 'gone/b c', 'gone/ü&<>'];
    for (const Key of keys) await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }));
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: keys[0]! }));
    const Objects = keys.slice(1).map((Key) => ({ Key }));
    const done = await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
    expect(done.Errors).toBeUndefined();
    expect(done.Deleted?.map(({ Key }) => Key).toSorted()).toEqual(keys.slice(1).toSorted());
    for (const Key of keys) expect(await refusal(get(Key))).toBeInstanceOf(NoSuchKey);
  });

  it('throws the classes that the SDK has for refusals', async () => {
    expect(await refusal(get('absent'))).toBeInstanceOf(NoSuchKey);
    expect(await refusal(client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'absent' })))).toBeInstanceOf(
      NotFound,
    );
    const elsewhere = `${bucket}-not`;
    const missing = client.send(new GetObjectCommand({ Bucket: elsewhere, Key: 'k' }));
    if (cell.pathStyle) expect(await refusal(missing)).toBeInstanceOf(NoSuchBucket);
    else await expect(missing).rejects.toThrow(/ENOTFOUND/);

    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'parts' }));
    const upload = { Bucket: bucket, Key: 'parts', UploadId: UploadId! };
    await client.send(new AbortMultipartUploadCommand(upload));
    expect(await refusal(client.send(new ListPartsCommand(upload)))).toBeInstanceOf(NoSuchUpload);

    const stranger = as(await newUser());
    const forbidden = await refusal(stranger.send(new GetObjectCommand({ Bucket: bucket, Key: 'empty' })));
    expect(forbidden).toMatchObject({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    const wrong = as({ accessKeyId: stack().accessKeyId, secretAccessKey: 'wrong' });
    const unsigned = await refusal(wrong.send(new GetObjectCommand({ Bucket: bucket, Key: 'empty' })));
    expect(unsigned).toMatchObject({ name: 'SignatureDoesNotMatch', $metadata: { httpStatusCode: 403 } });
    const unserved = await refusal(client.send(new GetBucketWebsiteCommand({ Bucket: bucket })));
    expect(unserved).toMatchObject({ name: 'NotImplemented', message: expect.stringContaining('GetBucketWebsite') });
  });
});
