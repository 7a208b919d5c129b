import {
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  DeleteObjectsCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { newBucket } from './harness/buckets.ts';
import { s3 } from './harness/clients.ts';
import { bytes, md5, MiB } from './harness/data.ts';
import { expectRefused } from './harness/failures.ts';
import { call } from './harness/sign.ts';
import { present } from './harness/stack.ts';
import { send } from './harness/wire.ts';

const client = present ? s3() : (undefined as never);

describe.runIf(present)('objects', () => {
  let bucket: string;
  // Larger than what is kept in a row, and not a multiple of a segment.
  const body = bytes(200_003);
  const etag = `"${md5(body)}"`;
  let modified: Date;
  beforeAll(async () => {
    bucket = await newBucket({ purpose: 'obj' });
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: 'big',
        Body: body,
        ContentType: 'application/x-test',
        ContentDisposition: 'attachment; filename="u.bin"',
        ContentLanguage: 'de',
        CacheControl: 'no-cache',
        Expires: new Date('2030-01-01T00:00:00Z'),
        Metadata: { 'with-dash': 'Value with spaces', empty: '' },
      }),
    );
    modified = (await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'big' }))).LastModified!;
  });
  const get = (more: object = {}, Key = 'big') => client.send(new GetObjectCommand({ Bucket: bucket, Key, ...more }));
  const content = async (more: object = {}, Key = 'big') =>
    Buffer.from(await (await get(more, Key)).Body!.transformToByteArray());

  describe('what is stored', () => {
    it.each([0, 1, 16_000, 16_384, 16_385, 65_535, 65_536, 65_537, 131_072, 1_000_000])(
      '%i bytes come back',
      async (size) => {
        const data = bytes(size);
        const made = await client.send(new PutObjectCommand({ Bucket: bucket, Key: `size-${size}`, Body: data }));
        expect(made).toMatchObject({ ETag: `"${md5(data)}"`, ServerSideEncryption: 'AES256' });
        const got = await get({}, `size-${size}`);
        expect(got).toMatchObject({ ContentLength: size, ETag: `"${md5(data)}"`, ServerSideEncryption: 'AES256' });
        expect(Buffer.from(await got.Body!.transformToByteArray()).equals(data)).toBe(true);
      },
    );

    it('its headers and metadata come back, on HEAD as on GET', async () => {
      for (const answer of [await get(), await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'big' }))]) {
        expect(answer).toMatchObject({
          AcceptRanges: 'bytes',
          ContentLength: body.length,
          ContentType: 'application/x-test',
          ContentDisposition: 'attachment; filename="u.bin"',
          ContentLanguage: 'de',
          CacheControl: 'no-cache',
          ETag: etag,
          Metadata: { 'with-dash': 'Value with spaces', empty: '' },
        });
        expect(answer.ExpiresString).toBe('Tue, 01 Jan 2030 00:00:00 GMT');
        expect(Math.abs(answer.LastModified!.getTime() - Date.now())).toBeLessThan(600_000);
      }
    });

    it('without a content type is binary/octet-stream', async () => {
      await call({ method: 'PUT', path: `/${bucket}/untyped`, body: 'x' });
      expect((await call({ path: `/${bucket}/untyped` })).headers['content-type']).toBe('binary/octet-stream');
    });

    it('every answer names the request', async () => {
      const answer = await call({ path: `/${bucket}/big` });
      expect(answer.headers['x-amz-request-id']).toMatch(/^[A-Z0-9-]{10,}$/i);
      expect(answer.headers['x-amz-id-2']).toBeTruthy();
      const refused = await call({ path: `/${bucket}/absent` });
      expect(refused.error['RequestId']).toBe(refused.headers['x-amz-request-id']);
      expect(refused.headers['content-type']).toBe('application/xml');
    });

    it('is replaced whole, and gone after DELETE, which may be repeated', async () => {
      await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: 'r', Body: 'long old text', Metadata: { a: 'b' } }),
      );
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'r', Body: 'new' }));
      const got = await get({}, 'r');
      expect(await got.Body!.transformToString()).toBe('new');
      expect(got.Metadata).toEqual({});
      for (let n = 0; n < 2; n += 1) {
        const gone = await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'r' }));
        expect(gone.$metadata.httpStatusCode).toBe(204);
      }
      const refused = await expectRefused(get({}, 'r'), 404, 'NoSuchKey', 'The specified key does not exist.');
      expect(refused.error['Key']).toBe('r');
    });
  });

  describe('ranges', () => {
    it.each([
      ['bytes=0-0', 0, 1],
      ['bytes=0-65535', 0, 65_536],
      ['bytes=65535-65536', 65_535, 65_537],
      ['bytes=100000-', 100_000, 200_003],
      ['bytes=-5', 199_998, 200_003],
      ['bytes=-999999', 0, 200_003],
      ['bytes=200002-999999', 200_002, 200_003],
      // What the AWS SDK for Java sends for "all from here".
      ['bytes=100000-9223372036854775806', 100_000, 200_003],
    ])('%s', async (Range, from, to) => {
      const got = await get({ Range });
      expect(got.$metadata.httpStatusCode).toBe(206);
      expect(got).toMatchObject({
        ContentRange: `bytes ${from}-${to - 1}/200003`,
        ContentLength: to - from,
        ETag: etag,
      });
      expect(Buffer.from(await got.Body!.transformToByteArray()).equals(body.subarray(from, to))).toBe(true);
    });

    it.each(['bytes=200003-', 'bytes=999999-1000000', 'bytes=-0', 'bytes=9223372036854775807-'])(
      '%s cannot be satisfied',
      async (Range) => {
        const refused = await expectRefused(
          get({ Range }),
          416,
          'InvalidRange',
          'The requested range is not satisfiable',
        );
        expect(refused.error).toMatchObject({ ActualObjectSize: '200003', RangeRequested: Range });
      },
    );

    it.each(['bytes=5-2', 'lines=1-2', 'bytes=a-b', 'bytes=0-1,5-6'])('%s is ignored', async (Range) => {
      const answer = await call({ path: `/${bucket}/big`, headers: { range: Range } });
      expect([answer.status, answer.body.length]).toEqual([200, body.length]);
    });

    it('of small objects', async () => {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'small', Body: 'abcdef' }));
      expect((await content({ Range: 'bytes=2-3' }, 'small')).toString()).toBe('cd');
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'empty', Body: '' }));
      await expectRefused(get({ Range: 'bytes=0-0' }, 'empty'), 416, 'InvalidRange');
    });

    it('on HEAD tell the length alone', async () => {
      const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'big', Range: 'bytes=0-9' }));
      expect(head).toMatchObject({ ContentLength: 10, ContentRange: 'bytes 0-9/200003' });
    });

    it('by part: an object of one piece has one', async () => {
      const got = await get({ PartNumber: 1 });
      expect([got.$metadata.httpStatusCode, got.ContentLength]).toEqual([206, 200_003]);
      const refused = await expectRefused(get({ PartNumber: 2 }), 416, 'InvalidPartNumber');
      expect(refused.error).toMatchObject({ ActualPartCount: '1', PartNumberRequested: '2' });
      await expectRefused(get({ PartNumber: 1, Range: 'bytes=0-1' }), 400, 'InvalidRequest');
    });

    it('many at once of a large object are equal to its slices', async () => {
      const large = bytes(9 * MiB + 5);
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'large', Body: large }));
      const slices = Array.from({ length: 24 }, () => Math.floor(Math.random() * large.length));
      await Promise.all(
        slices.map(async (from) => {
          const to = Math.min(large.length, from + 1 + Math.floor(Math.random() * 700_000));
          const got = await content({ Range: `bytes=${from}-${to - 1}` }, 'large');
          expect(got.equals(large.subarray(from, to)), `${from}-${to}`).toBe(true);
        }),
      );
    });
  });

  describe('conditions on reading', () => {
    const conditional = (headers: Record<string, string>, method = 'GET') =>
      call({ method, path: `/${bucket}/big`, headers });
    const day = 86_400_000;
    const at = (offset: number) => new Date(modified.getTime() + offset).toUTCString();

    it.each<[string, () => Record<string, string>, number]>([
      ['If-Match holds', () => ({ 'if-match': etag }), 200],
      ['If-Match: *', () => ({ 'if-match': '*' }), 200],
      ['If-Match without quotes', () => ({ 'if-match': etag.replaceAll('"', '') }), 200],
      ['If-Match in a list', () => ({ 'if-match': `"x", ${etag}` }), 200],
      ['If-Match fails', () => ({ 'if-match': '"x"' }), 412],
      ['If-None-Match holds', () => ({ 'if-none-match': '"x"' }), 200],
      ['If-None-Match fails', () => ({ 'if-none-match': etag }), 304],
      ['If-Modified-Since before', () => ({ 'if-modified-since': at(-day) }), 200],
      ['If-Modified-Since the same second', () => ({ 'if-modified-since': at(0) }), 304],
      ['If-Unmodified-Since before', () => ({ 'if-unmodified-since': at(-day) }), 412],
      ['If-Unmodified-Since the same second', () => ({ 'if-unmodified-since': at(0) }), 200],
      ['If-Match wins over If-Unmodified-Since', () => ({ 'if-match': etag, 'if-unmodified-since': at(-day) }), 200],
      [
        'If-None-Match wins over If-Modified-Since',
        () => ({ 'if-none-match': etag, 'if-modified-since': at(-day) }),
        304,
      ],
    ])('%s', async (_, headers, status) => {
      const answer = await conditional(headers());
      expect(answer.status).toBe(status);
      if (status === 304) {
        expect(answer.headers['etag']).toBe(etag);
        expect(answer.body).toHaveLength(0);
      }
      if (status === 412) expect(answer.error['Code']).toBe('PreconditionFailed');
      expect((await conditional(headers(), 'HEAD')).status).toBe(status);
    });

    it('412 names the condition', async () => {
      expect((await conditional({ 'if-match': '"x"' })).error['Condition']).toBe('If-Match');
    });
  });

  it('response overrides change the headers of this answer alone', async () => {
    const got = await get({
      ResponseContentType: 'text/plain',
      ResponseContentDisposition: 'inline',
      ResponseCacheControl: 'max-age=1',
      ResponseContentEncoding: 'identity',
      ResponseContentLanguage: 'en',
      ResponseExpires: new Date('2031-01-01T00:00:00Z'),
    });
    expect(got).toMatchObject({
      ContentType: 'text/plain',
      ContentDisposition: 'inline',
      CacheControl: 'max-age=1',
      ContentEncoding: 'identity',
      ContentLanguage: 'en',
    });
    expect((await get()).ContentType).toBe('application/x-test');
  });

  describe('metadata limits', () => {
    it('2 KB of user metadata fit, more do not', async () => {
      const put = (length: number) =>
        client.send(
          new PutObjectCommand({ Bucket: bucket, Key: 'meta', Body: 'x', Metadata: { k: 'v'.repeat(length) } }),
        );
      await put(2_047);
      await expectRefused(
        put(2_048),
        400,
        'MetadataTooLarge',
        'Your metadata headers exceed the maximum allowed metadata size',
      );
    });
  });

  describe('tags', () => {
    const tagging = (Tags: [string, string][]) => ({ TagSet: Tags.map(([Key, Value]) => ({ Key, Value })) });
    const put = (Tags: [string, string][]) =>
      client.send(new PutObjectTaggingCommand({ Bucket: bucket, Key: 'big', Tagging: tagging(Tags) }));

    it('are put, read, counted and removed', async () => {
      expect((await client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: 'big' }))).TagSet).toEqual([]);
      await put([
        ['team', 'red'],
        ['stage', 'ü + - = . _ : / @'],
      ]);
      const tags = await client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: 'big' }));
      expect(tags.TagSet).toEqual(
        expect.arrayContaining([
          { Key: 'team', Value: 'red' },
          { Key: 'stage', Value: 'ü + - = . _ : / @' },
        ]),
      );
      expect((await get()).TagCount).toBe(2);
      const removed = await client.send(new DeleteObjectTaggingCommand({ Bucket: bucket, Key: 'big' }));
      expect(removed.$metadata.httpStatusCode).toBe(204);
      expect((await client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: 'big' }))).TagSet).toEqual([]);
      expect((await get()).TagCount).toBeUndefined();
    });

    it('are refused when there are more than ten, twice the same, too long, or of AWS', async () => {
      const many = Array.from({ length: 11 }, (_, n) => [`k${n}`, 'v'] as [string, string]);
      await expectRefused(put(many), 400, 'BadRequest', /^Object tags cannot be greater than 10/);
      await expectRefused(
        put([
          ['a', '1'],
          ['a', '2'],
        ]),
        400,
        'InvalidTag',
        /^Cannot provide multiple Tags with the same key/,
      );
      await expectRefused(put([['a'.repeat(129), '1']]), 400, 'InvalidTag');
      await expectRefused(put([['a', '1'.repeat(257)]]), 400, 'InvalidTag');
      await expectRefused(put([['aws:a', '1']]), 400, 'InvalidTag');
      await put(many.slice(1));
    });

    it('come with the upload and belong to a version', async () => {
      const versioned = await newBucket({ versioning: 'Enabled' });
      const one = await client.send(
        new PutObjectCommand({ Bucket: versioned, Key: 't', Body: '1', Tagging: 'a=1&b=x%20y' }),
      );
      await client.send(new PutObjectCommand({ Bucket: versioned, Key: 't', Body: '2' }));
      const tags = await client.send(
        new GetObjectTaggingCommand({ Bucket: versioned, Key: 't', VersionId: one.VersionId }),
      );
      expect(tags.TagSet).toEqual([
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: 'x y' },
      ]);
      expect((await client.send(new GetObjectTaggingCommand({ Bucket: versioned, Key: 't' }))).TagSet).toEqual([]);
      await expectRefused(
        client.send(new PutObjectCommand({ Bucket: versioned, Key: 't', Body: '2', Tagging: 'a=1&a=2' })),
        400,
        'InvalidArgument',
      );
    });

    it('of what is not there', async () => {
      await expectRefused(
        client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: 'absent' })),
        404,
        'NoSuchKey',
      );
    });
  });

  it('GetObjectAttributes tells what is asked for', async () => {
    const all = await client.send(
      new GetObjectAttributesCommand({
        Bucket: bucket,
        Key: 'big',
        ObjectAttributes: ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize'],
      }),
    );
    expect(all).toMatchObject({ ETag: md5(body), ObjectSize: body.length, StorageClass: 'STANDARD' });
    expect(all.Checksum).toMatchObject({ ChecksumType: 'FULL_OBJECT', ChecksumCRC32: expect.any(String) });
    expect(all.ObjectParts).toBeUndefined();
    const one = await client.send(
      new GetObjectAttributesCommand({ Bucket: bucket, Key: 'big', ObjectAttributes: ['ObjectSize'] }),
    );
    expect([one.ObjectSize, one.ETag, one.Checksum]).toEqual([body.length, undefined, undefined]);
    const nothing = await call({ path: `/${bucket}/big`, query: { attributes: '' } });
    expect([nothing.status, nothing.error['Code']]).toEqual([400, 'InvalidRequest']);
    const unknown = await call({
      path: `/${bucket}/big`,
      query: { attributes: '' },
      headers: { 'x-amz-object-attributes': 'Colour' },
    });
    expect([unknown.status, unknown.error['Code']]).toEqual([400, 'InvalidArgument']);
  });

  describe('multi-delete', () => {
    it('removes a thousand, and is quiet when asked', async () => {
      const own = await newBucket();
      const keys = Array.from({ length: 30 }, (_, n) => `k & <${n}>`);
      await Promise.all(keys.map((Key) => client.send(new PutObjectCommand({ Bucket: own, Key, Body: Key }))));
      const Objects = [...keys, ...Array.from({ length: 970 }, (_, n) => `absent-${n}`)].map((Key) => ({ Key }));
      const loud = await client.send(new DeleteObjectsCommand({ Bucket: own, Delete: { Objects } }));
      expect(loud.Deleted?.map(({ Key }) => Key).toSorted()).toEqual(Objects.map(({ Key }) => Key).toSorted());
      expect((await client.send(new ListObjectsV2Command({ Bucket: own }))).KeyCount).toBe(0);
      const quiet = await client.send(
        new DeleteObjectsCommand({ Bucket: own, Delete: { Objects: [{ Key: 'x' }], Quiet: true } }),
      );
      expect([quiet.Deleted, quiet.Errors]).toEqual([undefined, undefined]);
    });

    it('of more than a thousand is malformed', async () => {
      const Objects = Array.from({ length: 1001 }, (_, n) => ({ Key: `k${n}` }));
      await expectRefused(
        client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } })),
        400,
        'MalformedXML',
      );
    });

    it('needs a digest of its body', async () => {
      const answer = await call({
        method: 'POST',
        path: `/${bucket}`,
        query: { delete: '' },
        body: '<Delete><Object><Key>x</Key></Object></Delete>',
      });
      expect([answer.status, answer.error['Code']]).toEqual([400, 'InvalidRequest']);
    });
  });

  it('HEAD errors have no body', async () => {
    const missing = await call({ method: 'HEAD', path: `/${bucket}/absent` });
    expect([missing.status, missing.body.length]).toEqual([404, 0]);
    const anonymous = await send({ method: 'HEAD', target: `/${bucket}/big`, headers: {} });
    expect([anonymous.status, anonymous.body.length]).toEqual([403, 0]);
  });
});
