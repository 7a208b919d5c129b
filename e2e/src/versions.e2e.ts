import {
  CopyObjectCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { newBucket } from './harness/buckets.ts';
import { aws, awsJson } from './harness/cli.ts';
import { s3 } from './harness/clients.ts';
import { expectRefused } from './harness/failures.ts';
import { call } from './harness/sign.ts';
import { present } from './harness/stack.ts';

const client = present ? s3() : (undefined as never);

async function put(Bucket: string, Key: string, Body: string): Promise<string | undefined> {
  return (await client.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId;
}

async function read(Bucket: string, Key: string, VersionId?: string): Promise<string> {
  const { Body } = await client.send(
    new GetObjectCommand({ Bucket, Key, ...(VersionId !== undefined && { VersionId }) }),
  );
  return await Body!.transformToString();
}

async function state(Bucket: string, Status: 'Enabled' | 'Suspended'): Promise<void> {
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
}

describe.runIf(present)('versioning', () => {
  describe('the bucket state', () => {
    it('is empty until it is set, and cannot be taken back', async () => {
      const bucket = await newBucket();
      expect((await client.send(new GetBucketVersioningCommand({ Bucket: bucket }))).Status).toBeUndefined();
      await state(bucket, 'Suspended');
      expect((await client.send(new GetBucketVersioningCommand({ Bucket: bucket }))).Status).toBe('Suspended');
      await state(bucket, 'Enabled');
      expect((await client.send(new GetBucketVersioningCommand({ Bucket: bucket }))).Status).toBe('Enabled');
    });

    it.each([
      ['another word', '<Status>enabled</Status>', 'MalformedXML'],
      ['no status', '', 'IllegalVersioningConfigurationException'],
    ])('refuses %s', async (_, inner, code) => {
      const bucket = await newBucket();
      const answer = await call({
        method: 'PUT',
        path: `/${bucket}`,
        query: { versioning: '' },
        body: `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</VersioningConfiguration>`,
      });
      expect([answer.status, answer.error['Code']]).toEqual([400, code]);
      if (inner === '') expect(answer.error['Message']).toBe('The Versioning element must be specified');
    });
  });

  describe('enabled', () => {
    let bucket: string;
    beforeAll(async () => void (bucket = await newBucket({ versioning: 'Enabled' })));

    it('keeps every version under an id of its own', async () => {
      const first = await put(bucket, 'kept', 'one');
      const second = await put(bucket, 'kept', 'two');
      expect(first).toBeTruthy();
      expect(second).not.toBe(first);
      expect(await read(bucket, 'kept')).toBe('two');
      expect(await read(bucket, 'kept', first)).toBe('one');
    });

    it('puts a delete marker over the object, which comes back when the marker is removed', async () => {
      const version = await put(bucket, 'hidden', 'here');
      const marker = await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'hidden' }));
      expect(marker).toMatchObject({
        DeleteMarker: true,
        VersionId: expect.any(String),
        $metadata: { httpStatusCode: 204 },
      });

      const gone = await expectRefused(
        client.send(new GetObjectCommand({ Bucket: bucket, Key: 'hidden' })),
        404,
        'NoSuchKey',
      );
      expect(gone.error.$response?.headers['x-amz-delete-marker']).toBe('true');
      expect((await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'hidden' }))).KeyCount).toBe(0);
      expect(await read(bucket, 'hidden', version)).toBe('here');

      const removed = await client.send(
        new DeleteObjectCommand({ Bucket: bucket, Key: 'hidden', VersionId: marker.VersionId }),
      );
      expect(removed).toMatchObject({ DeleteMarker: true, VersionId: marker.VersionId });
      expect(await read(bucket, 'hidden')).toBe('here');
    });

    it('stacks markers, also for a key that never existed', async () => {
      const markers = [];
      for (let n = 0; n < 2; n += 1) {
        markers.push((await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'never' }))).VersionId);
      }
      expect(new Set(markers).size).toBe(2);
      const { DeleteMarkers } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: 'never' }));
      expect(DeleteMarkers?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
        [markers[1], true],
        [markers[0], false],
      ]);
    });

    it('answers 405 to what names a marker, and says that it may only be deleted', async () => {
      await put(bucket, 'marked', 'x');
      const { VersionId } = await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'marked' }));
      for (const command of [
        new GetObjectCommand({ Bucket: bucket, Key: 'marked', VersionId }),
        new GetObjectTaggingCommand({ Bucket: bucket, Key: 'marked', VersionId }),
      ]) {
        const refused = await expectRefused(client.send(command as GetObjectCommand), 405, 'MethodNotAllowed');
        expect(refused.error['ResourceType']).toBe('DeleteMarker');
        expect(refused.error.$response?.headers['allow']).toBe('DELETE');
      }
      const head = await call({ method: 'HEAD', path: `/${bucket}/marked`, query: { versionId: VersionId! } });
      expect([head.status, head.headers['allow'], head.headers['x-amz-delete-marker']]).toEqual([
        405,
        'DELETE',
        'true',
      ]);
      await expectRefused(
        client.send(
          new CopyObjectCommand({ Bucket: bucket, Key: 'copy', CopySource: `${bucket}/marked?versionId=${VersionId}` }),
        ),
        400,
        'InvalidRequest',
      );
    });

    it('removes a version for good by its id, and accepts the same call again', async () => {
      const version = await put(bucket, 'once', 'x');
      for (let n = 0; n < 2; n += 1) {
        const answer = await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'once', VersionId: version }));
        expect(answer.$metadata.httpStatusCode).toBe(204);
        expect(answer.DeleteMarker).toBeUndefined();
      }
      await expectRefused(
        client.send(new GetObjectCommand({ Bucket: bucket, Key: 'once', VersionId: version })),
        404,
        'NoSuchVersion',
      );
    });

    it('makes the version below current when the current one is removed', async () => {
      await put(bucket, 'stack', 'below');
      const top = await put(bucket, 'stack', 'top');
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'stack', VersionId: top }));
      expect(await read(bucket, 'stack')).toBe('below');
      expect((await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'stack' }))).KeyCount).toBe(1);
    });

    it('tells a version id that it never issued from one that is gone', async () => {
      const version = (await put(bucket, 'id', 'x'))!;
      const altered = version.slice(0, -1) + (version.endsWith('A') ? 'B' : 'A');
      for (const id of ['nonsense', altered]) {
        await expectRefused(
          client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'id', VersionId: id })),
          400,
          'InvalidArgument',
          'Invalid version id specified',
        );
      }
      await expectRefused(
        client.send(new GetObjectCommand({ Bucket: bucket, Key: 'id', VersionId: 'nonsense' })),
        400,
        'InvalidArgument',
        'Invalid version id specified',
      );
      const many = await client.send(
        new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: [{ Key: 'id', VersionId: 'nonsense' }] } }),
      );
      expect(many.Errors).toMatchObject([{ Key: 'id', VersionId: 'nonsense', Code: 'NoSuchVersion' }]);
      // An id that was issued, but for another key.
      const other = await put(bucket, 'other', 'y');
      await expectRefused(
        client.send(new GetObjectCommand({ Bucket: bucket, Key: 'id', VersionId: other })),
        404,
        'NoSuchVersion',
      );
    });

    it('does not let a bucket go that still holds versions', async () => {
      const own = await newBucket({ versioning: 'Enabled' });
      await client.send(new DeleteObjectCommand({ Bucket: own, Key: 'only-a-marker' }));
      await expectRefused(
        client.send(new DeleteBucketCommand({ Bucket: own })),
        409,
        'BucketNotEmpty',
        /You must delete all versions in the bucket/,
      );
    });
  });

  describe('null versions', () => {
    it('what is older than versioning has the id null and can be read and removed by it', async () => {
      const bucket = await newBucket();
      expect(await put(bucket, 'old', 'before')).toBeUndefined();
      await state(bucket, 'Enabled');
      const after = await put(bucket, 'old', 'after');
      expect(await read(bucket, 'old', 'null')).toBe('before');
      const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
      expect(Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
        [after, true],
        ['null', false],
      ]);
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'old', VersionId: 'null' }));
      await expectRefused(
        client.send(new GetObjectCommand({ Bucket: bucket, Key: 'old', VersionId: 'null' })),
        404,
        'NoSuchVersion',
      );
    });

    it('a bucket never versioned knows the id null alone', async () => {
      const bucket = await newBucket();
      await put(bucket, 'plain', 'x');
      expect(await read(bucket, 'plain', 'null')).toBe('x');
      await expectRefused(
        client.send(new GetObjectCommand({ Bucket: bucket, Key: 'plain', VersionId: 'abc' })),
        400,
        'InvalidArgument',
        'Invalid version id specified',
      );
      expect((await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'plain' }))).VersionId).toBeUndefined();
    });
  });

  describe('suspended', () => {
    it('a PUT replaces only the null version and names no version', async () => {
      const bucket = await newBucket({ versioning: 'Enabled' });
      const kept = await put(bucket, 'k', 'kept');
      await state(bucket, 'Suspended');
      expect(await put(bucket, 'k', 'null one')).toBeUndefined();
      expect(await put(bucket, 'k', 'null two')).toBeUndefined();
      expect(await read(bucket, 'k')).toBe('null two');
      expect(await read(bucket, 'k', kept)).toBe('kept');
      const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
      expect(Versions?.map(({ VersionId }) => VersionId)).toEqual(['null', kept]);
    });

    it('a DELETE replaces the null version by a marker with the id null', async () => {
      const bucket = await newBucket({ versioning: 'Enabled' });
      const kept = await put(bucket, 'k', 'kept');
      await state(bucket, 'Suspended');
      await put(bucket, 'k', 'null');
      const marker = await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'k' }));
      expect(marker).toMatchObject({ DeleteMarker: true, VersionId: 'null' });
      const listed = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
      expect(listed.Versions?.map(({ VersionId }) => VersionId)).toEqual([kept]);
      expect(listed.DeleteMarkers?.map(({ VersionId }) => VersionId)).toEqual(['null']);
      // A PUT takes the place of the null marker.
      await put(bucket, 'k', 'again');
      const then = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
      expect(then.DeleteMarkers ?? []).toEqual([]);
      expect(then.Versions?.map(({ VersionId }) => VersionId)).toEqual(['null', kept]);
    });
  });

  describe('ListObjectVersions', () => {
    it('lists keys in order, newest first within a key, and pages without loss', async () => {
      const bucket = await newBucket({ versioning: 'Enabled' });
      const expected: string[] = [];
      for (const key of ['a', 'b/1', 'b/2', 'c']) {
        const ids = [await put(bucket, key, '1'), await put(bucket, key, '2')];
        ids.push((await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))).VersionId);
        expected.push(...ids.toReversed().map((id) => `${key} ${id}`));
      }
      // Read from the XML itself: versions and markers are mixed there, and some clients rely on their order.
      const seen: string[] = [];
      let marker: Record<string, string> | undefined = {};
      while (marker !== undefined) {
        const { text } = await call({ path: `/${bucket}`, query: { versions: '', 'max-keys': '5', ...marker } });
        const entries = [...text.matchAll(/<(?:Version|DeleteMarker)>.*?<\/(?:Version|DeleteMarker)>/gs)];
        expect(entries.length).toBeLessThanOrEqual(5);
        const field = (entry: string, name: string) => new RegExp(`<${name}>(.*?)</${name}>`).exec(entry)?.[1];
        seen.push(...entries.map(([entry]) => `${field(entry, 'Key')} ${field(entry, 'VersionId')}`));
        marker = text.includes('<IsTruncated>true')
          ? { 'key-marker': field(text, 'NextKeyMarker')!, 'version-id-marker': field(text, 'NextVersionIdMarker')! }
          : undefined;
      }
      expect(seen.toSorted()).toEqual(expected.toSorted());
      expect(seen).toEqual(expected);

      const grouped = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Delimiter: '/' }));
      expect(grouped.CommonPrefixes).toEqual([{ Prefix: 'b/' }]);
      expect(new Set(grouped.Versions?.map(({ Key }) => Key))).toEqual(new Set(['a', 'c']));
    });

    it('refuses a version marker without a key marker', async () => {
      const bucket = await newBucket({ versioning: 'Enabled' });
      await expectRefused(
        client.send(new ListObjectVersionsCommand({ Bucket: bucket, VersionIdMarker: 'abc' })),
        400,
        'InvalidArgument',
      );
    });
  });

  it('multi-delete removes versions and markers, and reports each', async () => {
    const bucket = await newBucket({ versioning: 'Enabled' });
    const first = await put(bucket, 'one', '1');
    await put(bucket, 'two', '2');
    const answer = await client.send(
      new DeleteObjectsCommand({
        Bucket: bucket,
        Delete: { Objects: [{ Key: 'one', VersionId: first }, { Key: 'two' }, { Key: 'absent' }] },
      }),
    );
    expect(answer.Errors ?? []).toEqual([]);
    const byKey = new Map(answer.Deleted?.map((entry) => [entry.Key, entry]));
    expect(byKey.get('one')).toMatchObject({ VersionId: first });
    expect(byKey.get('two')).toMatchObject({ DeleteMarker: true, DeleteMarkerVersionId: expect.any(String) });
    expect(byKey.get('absent')).toMatchObject({ DeleteMarker: true, DeleteMarkerVersionId: expect.any(String) });
    const marker = byKey.get('two')!.DeleteMarkerVersionId!;
    const undo = await client.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: [{ Key: 'two', VersionId: marker }] } }),
    );
    expect(undo.Deleted).toMatchObject([
      { Key: 'two', VersionId: marker, DeleteMarker: true, DeleteMarkerVersionId: marker },
    ]);
    expect(await read(bucket, 'two')).toBe('2');
  });

  it('works the same through the AWS CLI', async () => {
    const bucket = await newBucket();
    await aws(['s3api', 'put-bucket-versioning', '--bucket', bucket, '--versioning-configuration', 'Status=Enabled']);
    await put(bucket, 'cli', 'x');
    await aws(['s3', 'rm', `s3://${bucket}/cli`]);
    const listed = await awsJson(['s3api', 'list-object-versions', '--bucket', bucket]);
    expect(listed.DeleteMarkers).toHaveLength(1);
    await aws([
      's3api',
      'delete-object',
      '--bucket',
      bucket,
      '--key',
      'cli',
      '--version-id',
      listed.DeleteMarkers[0].VersionId,
    ]);
    expect(await aws(['s3', 'ls', `s3://${bucket}`])).toContain('cli');
  });
});
