import { memoryBlobStore } from '@coffer/blob-store';
import { objectStorage } from '@coffer/contracts';
import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collect } from '../collector/collect.ts';
import type { Deps } from '../deps.ts';
import { callerOf, startWorld, type World } from '../testkit/world.ts';

const MIB = 1024 * 1024;

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

const states = async (ids: string[]) =>
  (
    await world.query<{ state: string }>(
      'SELECT state FROM blob_claims WHERE blob_id = ANY ($1::text[]) ORDER BY array_position($1::text[], blob_id)',
      [ids],
    )
  ).map((row) => row.state);

describe('multipart uploads', () => {
  it('become one object of the listed parts', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled' });
    const upload = await world.upload(bucket, 'big', { metadata: { a: 'b' }, tags: [{ Key: 'x', Value: 'y' }] });
    const one = await upload.part(1, 5 * MIB);
    const unlisted = await upload.part(2, 6 * MIB);
    const three = await upload.part(3, 7 * MIB);
    const last = await upload.part(9, 10);
    const done = await upload.complete([
      { partNumber: 1, etag: `"${one.etag}"` },
      { partNumber: 3, etag: three.etag },
      { partNumber: 9, etag: last.etag },
    ]);
    const md5 = createHash('md5');
    for (const part of [one, three, last]) md5.update(Buffer.from(part.etag, 'hex'));
    expect(done).toMatchObject({ etag: `${md5.digest('hex')}-3`, size: 12 * MIB + 10, tagCount: 1 });
    expect(done.versionId).toBeDefined();

    const found = await world.locate(bucket, 'big');
    expect(found.version).toMatchObject({ partsCount: 3, size: 12 * MIB + 10, metadata: { a: 'b' }, tagCount: 1 });
    expect(found.segments.map(({ partNumber, offset, size, body }) => [partNumber, offset, size, body.blobId])).toEqual(
      [
        [1, 0, 5 * MIB, one.body.blobId],
        [2, 5 * MIB, 7 * MIB, three.body.blobId],
        [3, 12 * MIB, 10, last.body.blobId],
      ],
    );
    expect(found.segments[0]?.body).toMatchObject({ kind: 'blob', sealedSize: 5 * MIB + 100 });
    const unlistedState = () => states([unlisted.body.blobId]);
    expect(await unlistedState()).toEqual(['live']);
    await collect({ db: world.db, blobs: memoryBlobStore() } as unknown as Deps, { graceMs: 3_600_000 });
    expect(await unlistedState()).toEqual(['doomed']);
    expect(await states([one, three, last].map((part) => part.body.blobId))).toEqual(['live', 'live', 'live']);

    const starts = async (from: object) =>
      (await world.locate(bucket, 'big', { from: from as never })).segments.map((segment) => segment.partNumber);
    expect(await starts({ offset: 5 * MIB - 1 })).toEqual([1, 2, 3]);
    expect(await starts({ offset: 5 * MIB })).toEqual([2, 3]);
    expect(await starts({ suffix: 10 })).toEqual([3]);
    expect(await starts({ suffix: 11 })).toEqual([2, 3]);
    expect(await starts({ suffix: 10 ** 12 })).toEqual([1, 2, 3]);
    const second = await world.locate(bucket, 'big', { from: { partNumber: 2 }, want: 'facts' });
    expect(second).toMatchObject({ part: { partNumber: 2, offset: 5 * MIB, size: 7 * MIB }, segments: [] });
    await expect(world.locate(bucket, 'big', { from: { partNumber: 4 } })).rejects.toMatchObject({
      code: 'InvalidPartNumber',
    });

    // Destroying the version leaves its parts to those who read it, until the collector comes.
    await world.remove(bucket, [{ key: 'big', versionId: done.versionId }]);
    const parts = () => world.query('SELECT 1 FROM version_parts WHERE bucket_id = $1', [bucket.bucketId]);
    expect(await parts()).toHaveLength(3);
    await collect({ db: world.db, blobs: memoryBlobStore() } as unknown as Deps, { graceMs: 0 });
    expect(await parts()).toEqual([]);
    expect(await states([one, unlisted, three, last].map((part) => part.body.blobId))).toEqual([]);
  });

  it('more than 256 parts are found in steps', async () => {
    const bucket = await world.bucket();
    const upload = await world.upload(bucket, 'many');
    const parts = await Promise.all(Array.from({ length: 300 }, (_, index) => upload.part(index + 1, 5 * MIB)));
    await upload.complete(parts.map((part) => ({ partNumber: part.partNumber, etag: part.etag })));
    const found = await world.locate(bucket, 'many');
    expect(found.segments).toHaveLength(256);
    const more = () =>
      world.call(objectStorage.moreSegments, {
        bucketId: bucket.bucketId,
        key: 'many',
        internalVersionId: found.version.internalVersionId,
        fromPartNumber: 257,
      });
    const rest = await more();
    expect(rest.segments).toHaveLength(44);
    expect(rest.segments[0]).toMatchObject({ partNumber: 257, offset: 256 * 5 * MIB });
    // Who is reading the object goes on to its end, whatever becomes of it meanwhile.
    await world.put(bucket, 'many');
    expect(await more()).toEqual(rest);
    await world.remove(bucket, [{ key: 'many' }]);
    await world.op('DeleteBucket', { Bucket: bucket.name }, { bucket });
    expect(await more()).toEqual(rest);
  });

  it('completing again gives the same success, as the same request and as another', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled' });
    const upload = await world.upload(bucket, 'k');
    const part = await upload.part(1, 10);
    const parts = [{ partNumber: 1, etag: part.etag }];
    const [first, second] = await Promise.all([upload.complete(parts), upload.complete(parts)]);
    expect(second).toEqual(first);
    const caller = callerOf();
    expect(await upload.complete(parts, { caller })).toEqual(first);
    expect(await world.query('SELECT 1 FROM versions WHERE bucket_id = $1', [bucket.bucketId])).toHaveLength(1);
    await expect(upload.part(2, 10)).rejects.toMatchObject({ code: 'NoSuchUpload' });
  });

  it('refuses lists of parts as AWS does', async () => {
    const bucket = await world.bucket();
    const upload = await world.upload(bucket, 'k');
    const small = await upload.part(1, 10);
    const other = await upload.part(2, 10);
    const listed = (...parts: (typeof small)[]) =>
      parts.map((part) => ({ partNumber: part.partNumber, etag: part.etag }));
    await expect(upload.complete([])).rejects.toMatchObject({
      code: 'InvalidRequest',
      message: 'You must specify at least one part',
    });
    await expect(upload.complete(listed(other, small))).rejects.toMatchObject({ code: 'InvalidPartOrder' });
    await expect(upload.complete(listed(small, small))).rejects.toMatchObject({ code: 'InvalidPartOrder' });
    await expect(upload.complete([{ partNumber: 3, etag: 'x' }])).rejects.toMatchObject({ code: 'InvalidPart' });
    await expect(upload.complete([{ partNumber: 1, etag: 'x' }])).rejects.toMatchObject({
      code: 'InvalidPart',
      extras: { PartNumber: '1', ETag: 'x', UploadId: upload.uploadId },
    });
    await expect(upload.complete(listed(small, other))).rejects.toMatchObject({
      code: 'EntityTooSmall',
      extras: { ProposedSize: '10', MinSizeAllowed: String(5 * MIB), PartNumber: '1', ETag: small.etag },
    });
    await expect(upload.complete(listed(small), { objectSize: 11 })).rejects.toMatchObject({ code: 'InvalidRequest' });
    await upload.complete(listed(small), { objectSize: 10 });
  });

  it('an id counts with its own key alone', async () => {
    const bucket = await world.bucket();
    const { uploadId } = await world.upload(bucket, 'k');
    const find = (key: string, id = uploadId) =>
      world.call(objectStorage.findUpload, { revision: bucket.revision, key, uploadId: id });
    expect(await find('k')).toMatchObject({ uploadId, key: 'k', bucketId: bucket.bucketId });
    await expect(find('other')).rejects.toMatchObject({ code: 'NoSuchUpload', extras: { UploadId: uploadId } });
    await expect(find('k', 'x\0y')).rejects.toMatchObject({ code: 'NoSuchUpload' });
  });

  it('a part that is sent again replaces the earlier one', async () => {
    const bucket = await world.bucket();
    const upload = await world.upload(bucket, 'k');
    const first = await upload.part(1, 10);
    const [second, third] = await Promise.all([upload.part(1, 20), upload.part(1, 20)]);
    expect((await states([first.body.blobId, second.body.blobId, third.body.blobId])).sort()).toEqual([
      'doomed',
      'doomed',
      'live',
    ]);
    const parts = await world.op('ListParts', { Bucket: bucket.name, Key: 'k', UploadId: upload.uploadId });
    expect(parts.Parts).toMatchObject([{ PartNumber: 1, Size: 20 }]);
  });

  it('aborting makes the parts unreachable at once, and leaves their rows to the collector', async () => {
    const bucket = await world.bucket();
    const upload = await world.upload(bucket, 'k');
    const part = await upload.part(1, 10);
    const named = { Bucket: bucket.name, Key: 'k', UploadId: upload.uploadId };
    const rows = async () =>
      (
        await world.query('SELECT 1 FROM upload_parts WHERE bucket_id = $1 AND upload_id = $2', [
          bucket.bucketId,
          upload.uploadId,
        ])
      ).length;
    // As many as there can be: a request that removed them all would take long, and hold its locks for as long.
    await world.query(
      `INSERT INTO upload_parts (bucket_id, upload_id, part_number, size, etag, last_modified, blob_id)
       SELECT $1, $2, n, 1, 'e', 0, 'of-' || $2 || '-' || n FROM generate_series(2, 10000) n`,
      [bucket.bucketId, upload.uploadId],
    );
    await upload.abort();
    expect(await rows()).toBe(10_000);
    const gone = { code: 'NoSuchUpload' };
    await expect(world.op('ListParts', named)).rejects.toMatchObject(gone);
    await expect(upload.part(2, 10)).rejects.toMatchObject(gone);
    const { Uploads } = (await world.op('ListMultipartUploads', { Bucket: bucket.name })) as { Uploads: unknown[] };
    expect(Uploads).toEqual([]);

    // The blobs have to wait from the end of the upload, not from the round in which the rows went.
    await world.query("UPDATE removed_uploads SET removed_at = 'yesterday' WHERE upload_id = $1", [upload.uploadId]);
    const deps = { db: world.db, blobs: memoryBlobStore() } as unknown as Deps;
    await Promise.all([collect(deps, { graceMs: 1e9 }), collect(deps, { graceMs: 1e9 })]);
    await collect(deps, { graceMs: 1e9 });
    expect(await rows()).toBe(0);
    expect(await world.query('SELECT 1 FROM removed_uploads WHERE upload_id = $1', [upload.uploadId])).toEqual([]);
    expect(await states([part.body.blobId])).toEqual(['doomed']);
    await collect(deps, { graceMs: 3_600_000 });
    expect(await states([part.body.blobId])).toEqual([]);
    await expect(upload.abort()).rejects.toMatchObject({ code: 'NoSuchUpload' });
    await expect(upload.complete([{ partNumber: 1, etag: part.etag }])).rejects.toMatchObject({ code: 'NoSuchUpload' });
  });

  it('completes on conditions', async () => {
    const bucket = await world.bucket();
    await world.put(bucket, 'k');
    const upload = await world.upload(bucket, 'k');
    const part = await upload.part(1, 10);
    const parts = [{ partNumber: 1, etag: part.etag }];
    await expect(upload.complete(parts, { conditions: { ifNoneMatch: '*' } })).rejects.toMatchObject({
      code: 'PreconditionFailed',
    });
    // The refused upload is as it was.
    await upload.complete(parts);
    expect((await world.locate(bucket, 'k')).version.size).toBe(10);
  });

  it('full-object CRCs are combined, composites hashed over the parts', async () => {
    const bucket = await world.bucket();
    const data = [randomBytes(5 * MIB), randomBytes(1000)];
    const sum = (bytes: Buffer) => Buffer.from(crc32(bytes).toString(16).padStart(8, '0'), 'hex').toString('base64');
    for (const type of ['FULL_OBJECT', 'COMPOSITE', undefined] as const) {
      const upload = await world.upload(bucket, 'k', type ? { checksum: { algorithm: 'CRC32', type } } : {});
      const parts = [];
      for (const [index, bytes] of data.entries()) {
        const checksum = { algorithm: 'CRC32', value: sum(bytes) };
        const part = await upload.part(index + 1, bytes.length, { checksum });
        parts.push({ partNumber: index + 1, etag: part.etag, checksum });
      }
      const raw = Buffer.concat(parts.map((part) => Buffer.from(part.checksum.value, 'base64')));
      const expected =
        type === 'COMPOSITE'
          ? { algorithm: 'CRC32', type, value: `${sum(raw)}-2` }
          : { algorithm: 'CRC32', type: 'FULL_OBJECT', value: sum(Buffer.concat(data)) };
      const wrong = { algorithm: 'CRC32', value: 'AAAAAA==' };
      await expect(upload.complete(parts, { checksum: wrong })).rejects.toMatchObject({ code: 'BadDigest' });
      await expect(upload.complete(parts.map((part) => ({ ...part, checksum: wrong })))).rejects.toMatchObject({
        code: 'InvalidPart',
      });
      if (type === 'COMPOSITE') {
        const bare = parts.map(({ partNumber, etag }) => ({ partNumber, etag }));
        await expect(upload.complete(bare)).rejects.toMatchObject({
          code: 'InvalidRequest',
          message: expect.stringContaining('must include the checksum for each part') as string,
        });
      }
      const other = type === 'COMPOSITE' ? 'FULL_OBJECT' : 'COMPOSITE';
      await expect(upload.complete(parts, { checksumType: other })).rejects.toMatchObject({
        code: 'InvalidRequest',
        message: `The upload was created using the ${expected.type} checksum mode. The complete request must use the same checksum mode.`,
      });
      const done = await upload.complete(parts, { checksum: { algorithm: 'CRC32', value: expected.value } });
      expect(done.checksum).toEqual(expected);
      const attributes = await world.op('GetObjectAttributes', {
        Bucket: bucket.name,
        Key: 'k',
        ObjectAttributes: ['Checksum', 'ObjectParts', 'ETag', 'ObjectSize', 'StorageClass'],
        MaxParts: 1,
      });
      expect(attributes).toMatchObject({
        ETag: done.etag,
        ObjectSize: 5 * MIB + 1000,
        StorageClass: 'STANDARD',
        Checksum: { ChecksumCRC32: expected.value, ChecksumType: expected.type },
        ObjectParts: {
          TotalPartsCount: 2,
          IsTruncated: true,
          NextPartNumberMarker: '1',
          Parts: [{ PartNumber: 1, Size: 5 * MIB, ChecksumCRC32: parts[0]?.checksum.value }],
        },
      });
    }
  });

  it('a part needs the checksum that was declared', async () => {
    const bucket = await world.bucket();
    const upload = await world.upload(bucket, 'k', { checksum: { algorithm: 'SHA256', type: 'COMPOSITE' } });
    await expect(upload.part(1, 1, { checksum: { algorithm: 'CRC32', value: 'AAAAAA==' } })).rejects.toMatchObject({
      code: 'InvalidRequest',
      message: 'Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32',
    });
    await expect(
      world.upload(bucket, 'k', { checksum: { algorithm: 'CRC64NVME', type: 'COMPOSITE' } }),
    ).rejects.toMatchObject({
      message: 'The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.',
    });
  });

  it('are listed by key and beginning, in pages, with delimiters', async () => {
    const bucket = await world.bucket();
    const ids: string[] = [];
    for (const key of ['a', 'a', 'b/1', 'b/2', 'c']) ids.push((await world.upload(bucket, key)).uploadId);
    const list = (input: object) => world.op('ListMultipartUploads', { Bucket: bucket.name, ...input });
    const shown = (page: Record<string, unknown>) => [
      ...(page.Uploads as { Key: string; UploadId: string }[]).map((upload) => `${upload.Key} ${upload.UploadId}`),
      ...(page.CommonPrefixes as { Prefix: string }[]).map((prefix) => prefix.Prefix),
    ];
    const first = await list({ MaxUploads: 1 });
    expect(first).toMatchObject({ IsTruncated: true, NextKeyMarker: 'a' });
    const second = await list({
      MaxUploads: 1,
      KeyMarker: first.NextKeyMarker,
      UploadIdMarker: first.NextUploadIdMarker,
    });
    const both = [...shown(first), ...shown(second)];
    expect(both.toSorted()).toEqual([`a ${ids[0]}`, `a ${ids[1]}`].toSorted());
    expect(shown(await list({ KeyMarker: 'a' }))).toEqual([`b/1 ${ids[2]}`, `b/2 ${ids[3]}`, `c ${ids[4]}`]);
    expect(shown(await list({ Delimiter: '/', KeyMarker: 'a' }))).toEqual([`c ${ids[4]}`, 'b/']);
    expect(shown(await list({ Prefix: 'b/', MaxUploads: 1 }))).toEqual([`b/1 ${ids[2]}`]);
  });

  it('parts are listed in pages', async () => {
    const bucket = await world.bucket();
    const upload = await world.upload(bucket, 'k');
    for (const number of [1, 2, 5]) await upload.part(number, 10);
    const list = (input: object) =>
      world.op('ListParts', { Bucket: bucket.name, Key: 'k', UploadId: upload.uploadId, ...input });
    expect(await list({ MaxParts: 2 })).toMatchObject({
      IsTruncated: true,
      NextPartNumberMarker: '2',
      Parts: [{ PartNumber: 1 }, { PartNumber: 2 }],
    });
    expect(await list({ MaxParts: 2, PartNumberMarker: '2' })).toMatchObject({
      IsTruncated: false,
      Parts: [{ PartNumber: 5 }],
    });
    await expect(list({ PartNumberMarker: 'x' })).rejects.toMatchObject({
      code: 'InvalidArgument',
      extras: { ArgumentName: 'part-number-marker', ArgumentValue: 'x' },
    });
  });
});
