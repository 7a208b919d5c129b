import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { beforeAll, describe, expect, it } from 'vitest';
import { newBucket } from './harness/buckets.ts';
import { s3 } from './harness/clients.ts';
import { bytes, md5, MiB } from './harness/data.ts';
import { expectRefused } from './harness/failures.ts';
import { call } from './harness/sign.ts';
import { present } from './harness/stack.ts';

const client = present ? s3() : (undefined as never);
const SMALLEST = 5 * MiB;

describe.runIf(present)('multipart uploads', () => {
  let bucket: string;
  beforeAll(async () => void (bucket = await newBucket({ purpose: 'mp' })));

  const create = async (Key: string, more: object = {}) =>
    (await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key, ...more }))).UploadId!;
  const part = (Key: string, UploadId: string, PartNumber: number, Body: Buffer | string, more: object = {}) =>
    client.send(new UploadPartCommand({ Bucket: bucket, Key, UploadId, PartNumber, Body, ...more }));
  const complete = (Key: string, UploadId: string, Parts: object[], more: object = {}) =>
    client.send(
      new CompleteMultipartUploadCommand({ Bucket: bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }),
    );
  const read = async (Key: string) =>
    Buffer.from(await (await client.send(new GetObjectCommand({ Bucket: bucket, Key }))).Body!.transformToByteArray());

  it('join their parts in order, whatever order they came in', async () => {
    const key = 'three parts';
    const id = await create(key, { ContentType: 'text/x-three', Metadata: { a: 'b' } });
    const bodies = [bytes(SMALLEST), bytes(SMALLEST + 7), bytes(11)];
    const etags: string[] = [];
    for (const n of [3, 1, 2]) etags[n] = (await part(key, id, n, bodies[n - 1]!)).ETag!;
    expect(etags[1]).toBe(`"${md5(bodies[0]!)}"`);
    await expectRefused(client.send(new GetObjectCommand({ Bucket: bucket, Key: key })), 404, 'NoSuchKey');

    const done = await complete(
      key,
      id,
      [1, 2, 3].map((n) => ({ PartNumber: n, ETag: etags[n] })),
    );
    const expected = md5(Buffer.concat(bodies.map((body) => createHash('md5').update(body).digest())));
    expect(done.ETag).toBe(`"${expected}-3"`);
    expect(done).toMatchObject({ Bucket: bucket, Key: key });
    expect((await read(key)).equals(Buffer.concat(bodies))).toBe(true);
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key, PartNumber: 2 }));
    expect(head).toMatchObject({ PartsCount: 3, ContentLength: SMALLEST + 7 });
    const whole = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    expect(whole).toMatchObject({
      ContentType: 'text/x-three',
      Metadata: { a: 'b' },
      ContentLength: 2 * SMALLEST + 18,
    });
  });

  it('take the last of several uploads of a part', async () => {
    const id = await create('again');
    const first = await part('again', id, 1, 'first');
    const second = await part('again', id, 1, 'second');
    await expectRefused(complete('again', id, [{ PartNumber: 1, ETag: first.ETag }]), 400, 'InvalidPart');
    await complete('again', id, [{ PartNumber: 1, ETag: second.ETag }]);
    expect((await read('again')).toString()).toBe('second');
  });

  it('may leave parts out', async () => {
    const id = await create('gaps');
    const kept = await part('gaps', id, 2, 'kept');
    await part('gaps', id, 5, 'left out');
    await complete('gaps', id, [{ PartNumber: 2, ETag: kept.ETag }]);
    expect((await read('gaps')).toString()).toBe('kept');
  });

  it('say what is wrong at their completion', async () => {
    const key = 'wrong';
    const id = await create(key);
    const one = await part(key, id, 1, 'too small');
    const two = await part(key, id, 2, 'last');
    const both = [
      { PartNumber: 1, ETag: one.ETag },
      { PartNumber: 2, ETag: two.ETag },
    ];
    const small = await expectRefused(
      complete(key, id, both),
      400,
      'EntityTooSmall',
      'Your proposed upload is smaller than the minimum allowed size',
    );
    expect(small.error).toMatchObject({ MinSizeAllowed: String(SMALLEST), ProposedSize: '9', PartNumber: '1' });
    await expectRefused(
      complete(key, id, both.toReversed()),
      400,
      'InvalidPartOrder',
      'The list of parts was not in ascending order. Parts must be ordered by part number.',
    );
    await expectRefused(
      complete(key, id, [{ PartNumber: 1, ETag: '"0123456789abcdef0123456789abcdef"' }]),
      400,
      'InvalidPart',
    );
    await expectRefused(complete(key, id, [{ PartNumber: 3, ETag: one.ETag }]), 400, 'InvalidPart');
    const empty = await call({ method: 'POST', path: `/${bucket}/${key}`, query: { uploadId: id } });
    expect([empty.status, empty.error['Code'], empty.error['Message']]).toEqual([
      400,
      'InvalidRequest',
      'You must specify at least one part',
    ]);
    const hollow = await call({
      method: 'POST',
      path: `/${bucket}/${key}`,
      query: { uploadId: id },
      body: '<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></CompleteMultipartUpload>',
    });
    expect(hollow.status).toBe(400);
    await complete(key, id, [both[1]!]);
  });

  it('refuse part numbers outside 1 to 10000', async () => {
    const id = await create('numbers');
    for (const number of ['0', '10001', 'x']) {
      const answer = await call({
        method: 'PUT',
        path: `/${bucket}/numbers`,
        query: { partNumber: number, uploadId: id },
        body: 'x',
      });
      expect([answer.status, answer.error['Code']], number).toEqual([400, 'InvalidArgument']);
    }
    expect((await part('numbers', id, 10_000, 'x')).ETag).toBeTruthy();
  });

  it('are known under their own key alone, and not after they ended', async () => {
    const id = await create('mine');
    await expectRefused(part('not-mine', id, 1, 'x'), 404, 'NoSuchUpload');
    await expectRefused(
      client.send(new ListPartsCommand({ Bucket: bucket, Key: 'not-mine', UploadId: id })),
      404,
      'NoSuchUpload',
    );
    await part('mine', id, 1, 'x');
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: 'mine', UploadId: id }));
    const refused = await expectRefused(part('mine', id, 2, 'x'), 404, 'NoSuchUpload');
    expect(refused.error['UploadId']).toBe(id);
    await expectRefused(complete('mine', id, [{ PartNumber: 1, ETag: 'x' }]), 404, 'NoSuchUpload');
    await expectRefused(part('mine', 'nonsense', 1, 'x'), 404, 'NoSuchUpload');
  });

  it('answer a completion that is sent again', async () => {
    const id = await create('twice');
    const { ETag } = await part('twice', id, 1, 'x');
    const first = await complete('twice', id, [{ PartNumber: 1, ETag }]);
    const second = await complete('twice', id, [{ PartNumber: 1, ETag }]);
    expect(second.ETag).toBe(first.ETag);
  });

  it('list their parts in pages', async () => {
    const id = await create('listed');
    for (const n of [1, 2, 3, 4, 5]) await part('listed', id, n, 'x'.repeat(n));
    const seen = [];
    let marker: string | undefined;
    do {
      const page = await client.send(
        new ListPartsCommand({ Bucket: bucket, Key: 'listed', UploadId: id, MaxParts: 2, PartNumberMarker: marker }),
      );
      expect(page).toMatchObject({
        Bucket: bucket,
        Key: 'listed',
        UploadId: id,
        MaxParts: 2,
        StorageClass: 'STANDARD',
      });
      seen.push(...(page.Parts ?? []).map(({ PartNumber, Size, ETag }) => [PartNumber, Size, ETag]));
      marker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
    } while (marker);
    expect(seen).toEqual([1, 2, 3, 4, 5].map((n) => [n, n, `"${md5('x'.repeat(n))}"`]));
  });

  it('are listed while they last, by prefix, delimiter and page', async () => {
    const own = await newBucket({ purpose: 'uploads' });
    const keys = ['a', 'dir/1', 'dir/2', 'z', 'z'];
    const started: string[] = [];
    for (const Key of keys) {
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: own, Key }));
      started.push(`${Key} ${UploadId}`);
    }
    const list = (more: object) => client.send(new ListMultipartUploadsCommand({ Bucket: own, ...more }));
    const seen: string[] = [];
    let page = await list({ MaxUploads: 2 });
    for (;;) {
      seen.push(...(page.Uploads ?? []).map(({ Key, UploadId }) => `${Key} ${UploadId}`));
      if (!page.IsTruncated) break;
      page = await list({ MaxUploads: 2, KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker });
    }
    expect(seen).toEqual(started);
    const grouped = await list({ Delimiter: '/' });
    expect(grouped.CommonPrefixes).toEqual([{ Prefix: 'dir/' }]);
    expect(grouped.Uploads?.map(({ Key }) => Key)).toEqual(['a', 'z', 'z']);
    expect((await list({ Prefix: 'dir/' })).Uploads).toHaveLength(2);
    expect((await client.send(new ListObjectsV2Command({ Bucket: own }))).KeyCount).toBe(0);
  });

  it('copy parts from objects, whole and by range', async () => {
    const source = bytes(12 * MiB);
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'source', Body: source }));
    const id = await create('assembled');
    const copy = (PartNumber: number, CopySourceRange?: string) =>
      client.send(
        new UploadPartCopyCommand({
          Bucket: bucket,
          Key: 'assembled',
          UploadId: id,
          PartNumber,
          CopySource: `${bucket}/source`,
          ...(CopySourceRange && { CopySourceRange }),
        }),
      );
    const first = await copy(1, `bytes=100-${100 + 6 * MiB - 1}`);
    const second = await copy(2);
    expect(first.CopyPartResult?.ETag).toBe(`"${md5(source.subarray(100, 100 + 6 * MiB))}"`);
    await complete('assembled', id, [
      { PartNumber: 1, ETag: first.CopyPartResult!.ETag },
      { PartNumber: 2, ETag: second.CopyPartResult!.ETag },
    ]);
    const expected = Buffer.concat([source.subarray(100, 100 + 6 * MiB), source]);
    expect((await read('assembled')).equals(expected)).toBe(true);

    const other = await create('ranges');
    for (const range of ['bytes=0-99999999', 'bytes=5-', 'junk']) {
      const refused = client.send(
        new UploadPartCopyCommand({
          Bucket: bucket,
          Key: 'ranges',
          UploadId: other,
          PartNumber: 1,
          CopySource: `${bucket}/source`,
          CopySourceRange: range,
        }),
      );
      await expectRefused(refused, 400, 'InvalidArgument');
    }
  });

  describe('checksums', () => {
    const composite = (algorithm: string, parts: Buffer[]) =>
      `${createHash(algorithm)
        .update(Buffer.concat(parts.map((body) => createHash(algorithm).update(body).digest())))
        .digest('base64')}-${parts.length}`;

    it('are composite for SHA-256 and demand each part’s value', async () => {
      const id = await create('sha', { ChecksumAlgorithm: 'SHA256' });
      const bodies = [bytes(SMALLEST), bytes(10)];
      const sent = [];
      for (const [index, body] of bodies.entries()) {
        const done = await part('sha', id, index + 1, body, { ChecksumAlgorithm: 'SHA256' });
        sent.push({ PartNumber: index + 1, ETag: done.ETag, ChecksumSHA256: done.ChecksumSHA256 });
      }
      await expectRefused(
        complete(
          'sha',
          id,
          sent.map(({ PartNumber, ETag }) => ({ PartNumber, ETag })),
        ),
        400,
        'InvalidRequest',
        /^The upload was created using a sha256 checksum\. The complete request must include the checksum for each part/,
      );
      await expectRefused(
        complete('sha', id, [{ ...sent[0]!, ChecksumSHA256: sent[1]!.ChecksumSHA256 }, sent[1]!]),
        400,
        'InvalidPart',
      );
      const done = await complete('sha', id, sent);
      expect(done).toMatchObject({ ChecksumSHA256: composite('sha256', bodies), ChecksumType: 'COMPOSITE' });
      const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'sha', ChecksumMode: 'ENABLED' }));
      expect(head).toMatchObject({ ChecksumSHA256: composite('sha256', bodies), ChecksumType: 'COMPOSITE' });
    });

    it('are over the whole object for CRC64NVME, and a wrong value refuses the completion', async () => {
      const id = await create('crc64', { ChecksumAlgorithm: 'CRC64NVME' });
      const done = await part('crc64', id, 1, '123456789', { ChecksumCRC64NVME: 'rosUhgp5mIg=' });
      const parts = [{ PartNumber: 1, ETag: done.ETag }];
      await expectRefused(complete('crc64', id, parts, { ChecksumCRC64NVME: 'AAAAAAAAAAA=' }), 400, 'BadDigest');
      const whole = await complete('crc64', id, parts, {
        ChecksumCRC64NVME: 'rosUhgp5mIg=',
        ChecksumType: 'FULL_OBJECT',
      });
      expect(whole).toMatchObject({ ChecksumCRC64NVME: 'rosUhgp5mIg=', ChecksumType: 'FULL_OBJECT' });
    });

    it('combine the parts of a full-object CRC32', async () => {
      const { crc32 } = await import('node:zlib');
      const bodies = [bytes(SMALLEST), bytes(SMALLEST), bytes(12_345)];
      const id = await create('crc32', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
      const parts = [];
      for (const [index, body] of bodies.entries()) {
        const { ETag } = await part('crc32', id, index + 1, body, { ChecksumAlgorithm: 'CRC32' });
        parts.push({ PartNumber: index + 1, ETag });
      }
      const value = Buffer.alloc(4);
      value.writeUInt32BE(crc32(Buffer.concat(bodies)));
      await expectRefused(
        complete('crc32', id, parts, { MpuObjectSize: 1, ChecksumType: 'FULL_OBJECT' }),
        400,
        'InvalidRequest',
      );
      const done = await complete('crc32', id, parts, { MpuObjectSize: 2 * SMALLEST + 12_345 });
      expect(done).toMatchObject({ ChecksumCRC32: value.toString('base64'), ChecksumType: 'FULL_OBJECT' });
    });

    it('refuse pairs of algorithm and type that cannot be', async () => {
      await expectRefused(
        create('pair', { ChecksumAlgorithm: 'CRC64NVME', ChecksumType: 'COMPOSITE' }),
        400,
        'InvalidRequest',
        'The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.',
      );
      await expectRefused(
        create('pair', { ChecksumAlgorithm: 'SHA256', ChecksumType: 'FULL_OBJECT' }),
        400,
        'InvalidRequest',
      );
      await expectRefused(create('pair', { ChecksumType: 'FULL_OBJECT' }), 400, 'InvalidRequest');
      await expectRefused(
        create('pair', { ChecksumAlgorithm: 'XXHASH3' }),
        400,
        'InvalidRequest',
        /^Checksum algorithm provided is unsupported\. .*\[CRC32, .*\]$/,
      );
      const id = await create('mixed', { ChecksumAlgorithm: 'SHA256' });
      await expectRefused(
        part('mixed', id, 1, 'x', { ChecksumAlgorithm: 'SHA1' }),
        400,
        'InvalidRequest',
        /^Checksum Type mismatch occurred, expected checksum Type: sha256, actual/,
      );
    });
  });

  it('made of a stream of unknown length by the JavaScript SDK arrive equal', async () => {
    const body = bytes(13 * MiB + 17);
    function* pieces() {
      for (let at = 0; at < body.length; at += 100_000) yield body.subarray(at, at + 100_000);
    }
    await new Upload({ client, params: { Bucket: bucket, Key: 'stream', Body: Readable.from(pieces()) } }).done();
    expect((await read('stream')).equals(body)).toBe(true);
  });
});
