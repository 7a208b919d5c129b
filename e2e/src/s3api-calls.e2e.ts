import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bucketName, cleanUp, newBucket } from './harness/buckets.ts';
import { aws, awsJson } from './harness/cli.ts';
import { bytes, md5, MiB } from './harness/data.ts';
import { present, stack } from './harness/stack.ts';

/** `aws s3api <operation> …`; the bucket is added. */
function api(bucket: string) {
  return (operation: string, ...args: string[]) => awsJson(['s3api', operation, '--bucket', bucket, ...args]);
}

describe.runIf(present)('every s3api call', { timeout: 300_000 }, () => {
  it('of buckets', async () => {
    const bucket = bucketName('api');
    const call = api(bucket);
    expect(await call('create-bucket')).toMatchObject({ Location: `/${bucket}` });
    cleanUp(bucket);
    expect(await call('head-bucket')).toMatchObject({ BucketRegion: stack().region });
    expect((await awsJson(['s3api', 'list-buckets', '--prefix', bucket])).Buckets).toMatchObject([{ Name: bucket }]);
    expect((await call('get-bucket-location')).LocationConstraint ?? 'us-east-1').toBe(stack().region);

    expect(await call('get-bucket-versioning')).toEqual({});
    await call('put-bucket-versioning', '--versioning-configuration', 'Status=Enabled');
    expect(await call('get-bucket-versioning')).toEqual({ Status: 'Enabled' });

    const policy = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Principal: '*', Action: 's3:PutObject', Resource: `arn:aws:s3:::${bucket}/no/*` }],
    };
    await call('put-bucket-policy', '--policy', JSON.stringify(policy));
    expect(JSON.parse((await call('get-bucket-policy')).Policy)).toEqual(policy);
    await call('delete-bucket-policy');
    await expect(call('get-bucket-policy')).rejects.toThrow('(NoSuchBucketPolicy)');

    expect((await call('get-public-access-block')).PublicAccessBlockConfiguration.BlockPublicPolicy).toBe(true);
    await call('put-public-access-block', '--public-access-block-configuration', 'BlockPublicAcls=true');
    expect((await call('get-public-access-block')).PublicAccessBlockConfiguration.BlockPublicPolicy).toBe(false);
    await call('delete-public-access-block');
    await expect(call('get-public-access-block')).rejects.toThrow('(NoSuchPublicAccessBlockConfiguration)');

    await call(
      'put-bucket-cors',
      '--cors-configuration',
      JSON.stringify({ CORSRules: [{ AllowedOrigins: ['*'], AllowedMethods: ['GET'] }] }),
    );
    expect((await call('get-bucket-cors')).CORSRules).toEqual([{ AllowedOrigins: ['*'], AllowedMethods: ['GET'] }]);
    await call('delete-bucket-cors');
    await expect(call('get-bucket-cors')).rejects.toThrow('(NoSuchCORSConfiguration)');

    await call('delete-bucket');
    await expect(call('head-bucket')).rejects.toThrow('(404)');
  });

  it('of objects', async () => {
    const bucket = await newBucket({ purpose: 'api', versioning: 'Enabled' });
    const call = api(bucket);
    const file = join(stack().scratch, 'object');
    const body = bytes(40_000);
    writeFileSync(file, body);
    const target = ['--key', 'folder/a b'];

    const put = await call(
      'put-object',
      ...target,
      '--body',
      file,
      '--metadata',
      'colour=green',
      '--content-type',
      'text/x-a',
      '--tagging',
      'team=one',
    );
    expect(put).toMatchObject({
      ETag: `"${md5(body)}"`,
      VersionId: expect.any(String),
      ServerSideEncryption: 'AES256',
    });
    const got = await call('get-object', ...target, `${file}.back`);
    expect(got).toMatchObject({ ContentLength: 40_000, ContentType: 'text/x-a', Metadata: { colour: 'green' } });
    expect(readFileSync(`${file}.back`).equals(body)).toBe(true);
    await call('get-object', ...target, '--range', 'bytes=10-19', `${file}.range`);
    expect(readFileSync(`${file}.range`).equals(body.subarray(10, 20))).toBe(true);
    expect(await call('head-object', ...target)).toMatchObject({ ContentLength: 40_000, VersionId: put.VersionId });
    expect(await call('get-object-attributes', ...target, '--object-attributes', 'ETag', 'ObjectSize')).toMatchObject({
      ObjectSize: 40_000,
      ETag: md5(body),
    });

    expect((await call('get-object-tagging', ...target)).TagSet).toEqual([{ Key: 'team', Value: 'one' }]);
    await call('put-object-tagging', ...target, '--tagging', 'TagSet=[{Key=team,Value=two}]');
    expect((await call('get-object-tagging', ...target)).TagSet).toEqual([{ Key: 'team', Value: 'two' }]);
    await call('delete-object-tagging', ...target);
    expect((await call('get-object-tagging', ...target)).TagSet).toEqual([]);

    const copied = await call('copy-object', '--key', 'copy', '--copy-source', `${bucket}/folder/a b`);
    expect(copied.CopyObjectResult.ETag).toBe(`"${md5(body)}"`);
    await expect(call('put-object', '--key', 'copy', '--body', file, '--if-none-match', '*')).rejects.toThrow(
      '(PreconditionFailed)',
    );

    expect((await call('list-objects', '--delimiter', '/')).CommonPrefixes).toEqual([{ Prefix: 'folder/' }]);
    expect((await call('list-objects-v2', '--prefix', 'folder/')).Contents).toMatchObject([
      { Key: 'folder/a b', Size: 40_000 },
    ]);
    const gone = await call('delete-object', ...target);
    expect(gone).toMatchObject({ DeleteMarker: true });
    const versions = await call('list-object-versions', '--prefix', 'folder/');
    expect([versions.Versions.length, versions.DeleteMarkers.length]).toEqual([1, 1]);
    const removed = await call(
      'delete-objects',
      '--delete',
      JSON.stringify({ Objects: [{ Key: 'folder/a b', VersionId: gone.VersionId }, { Key: 'copy' }] }),
    );
    expect(removed.Deleted).toHaveLength(2);
    expect((await call('head-object', ...target)).VersionId).toBe(put.VersionId);
  });

  it('of multipart uploads', async () => {
    const bucket = await newBucket({ purpose: 'api' });
    const call = api(bucket);
    const file = join(stack().scratch, 'part');
    const body = bytes(6 * MiB);
    writeFileSync(file, body);
    await call('put-object', '--key', 'source', '--body', file);
    const target = ['--key', 'large'];
    const { UploadId } = await call('create-multipart-upload', ...target, '--checksum-algorithm', 'CRC32');
    const upload = [...target, '--upload-id', UploadId];
    expect((await call('list-multipart-uploads')).Uploads).toMatchObject([{ Key: 'large', UploadId }]);
    const one = await call(
      'upload-part',
      ...upload,
      '--part-number',
      '1',
      '--body',
      file,
      '--checksum-algorithm',
      'CRC32',
    );
    const two = await call(
      'upload-part-copy',
      ...upload,
      '--part-number',
      '2',
      '--copy-source',
      `${bucket}/source`,
      '--copy-source-range',
      'bytes=0-99',
    );
    const listed = await call('list-parts', ...upload);
    expect(listed.Parts).toMatchObject([
      { PartNumber: 1, Size: 6 * MiB },
      { PartNumber: 2, Size: 100 },
    ]);
    const Parts = [
      { PartNumber: 1, ETag: one.ETag, ChecksumCRC32: one.ChecksumCRC32 },
      { PartNumber: 2, ETag: two.CopyPartResult.ETag, ChecksumCRC32: two.CopyPartResult.ChecksumCRC32 },
    ];
    const done = await call('complete-multipart-upload', ...upload, '--multipart-upload', JSON.stringify({ Parts }));
    expect(done).toMatchObject({
      Bucket: bucket,
      Key: 'large',
      ETag: expect.stringMatching(/-2"$/),
      ChecksumType: 'COMPOSITE',
    });
    await call('get-object', ...target, `${file}.back`);
    expect(readFileSync(`${file}.back`).equals(Buffer.concat([body, body.subarray(0, 100)]))).toBe(true);

    const other = await call('create-multipart-upload', '--key', 'given-up');
    await call('abort-multipart-upload', '--key', 'given-up', '--upload-id', other.UploadId);
    await expect(call('list-parts', '--key', 'given-up', '--upload-id', other.UploadId)).rejects.toThrow(
      '(NoSuchUpload)',
    );
  });

  it('a session of README kind with the high-level commands', async () => {
    const bucket = bucketName('session');
    const file = join(stack().scratch, 'note.txt');
    writeFileSync(file, 'hello\n');
    await aws(['s3', 'mb', `s3://${bucket}`]);
    cleanUp(bucket);
    await aws(['s3', 'cp', file, `s3://${bucket}/`]);
    await aws(['s3', 'cp', '-', `s3://${bucket}/piped`], { input: bytes(9 * MiB) });
    expect(await aws(['s3', 'cp', `s3://${bucket}/note.txt`, '-'])).toBe('hello\n');
    expect(await aws(['s3', 'ls', '--recursive', '--summarize', `s3://${bucket}`])).toMatch(
      /Total Objects: 2\s+Total Size: 9437190/,
    );
    await aws(['s3', 'rb', '--force', `s3://${bucket}`]);
  });
});
