import {
  CopyObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { newBucket } from './harness/buckets.ts';
import { aws } from './harness/cli.ts';
import { s3 } from './harness/clients.ts';
import { bytes, md5, MiB } from './harness/data.ts';
import { expectRefused } from './harness/failures.ts';
import { present } from './harness/stack.ts';

const client = present ? s3() : (undefined as never);

describe.runIf(present)('copies', () => {
  let from: string;
  let to: string;
  const body = bytes(70_000);
  beforeAll(async () => {
    from = await newBucket({ purpose: 'from' });
    to = await newBucket({ purpose: 'to' });
    await client.send(
      new PutObjectCommand({
        Bucket: from,
        Key: 'a folder/söurce+1',
        Body: body,
        ContentType: 'text/x-thing',
        CacheControl: 'max-age=5',
        Metadata: { colour: 'green' },
        Tagging: 'team=one',
      }),
    );
  });
  const source = () => encodeURI(`${from}/a folder/söurce+1`).replaceAll('+', '%2B');

  it('carry bytes, metadata and tags to another bucket', async () => {
    const copied = await client.send(new CopyObjectCommand({ Bucket: to, Key: 'copy', CopySource: source() }));
    expect(copied.CopyObjectResult?.ETag).toBe(`"${md5(body)}"`);
    expect(copied.CopyObjectResult?.LastModified).toBeInstanceOf(Date);
    const got = await client.send(new GetObjectCommand({ Bucket: to, Key: 'copy' }));
    expect(Buffer.from(await got.Body!.transformToByteArray()).equals(body)).toBe(true);
    expect(got).toMatchObject({
      ContentType: 'text/x-thing',
      CacheControl: 'max-age=5',
      Metadata: { colour: 'green' },
    });
    const tags = await client.send(new GetObjectTaggingCommand({ Bucket: to, Key: 'copy' }));
    expect(tags.TagSet).toEqual([{ Key: 'team', Value: 'one' }]);
  });

  it('replace metadata and tags when asked', async () => {
    await client.send(
      new CopyObjectCommand({
        Bucket: to,
        Key: 'replaced',
        CopySource: `/${source()}`,
        MetadataDirective: 'REPLACE',
        Metadata: { shape: 'round' },
        ContentType: 'text/plain',
        TaggingDirective: 'REPLACE',
        Tagging: 'team=two',
      }),
    );
    const head = await client.send(new HeadObjectCommand({ Bucket: to, Key: 'replaced' }));
    expect(head).toMatchObject({ ContentType: 'text/plain', Metadata: { shape: 'round' } });
    expect(head.CacheControl).toBeUndefined();
    const tags = await client.send(new GetObjectTaggingCommand({ Bucket: to, Key: 'replaced' }));
    expect(tags.TagSet).toEqual([{ Key: 'team', Value: 'two' }]);
  });

  it.each([
    [{ MetadataDirective: 'replace' }, 'x-amz-metadata-directive', 'Unknown metadata directive.'],
    [{ TaggingDirective: 'KEEP' }, 'x-amz-tagging-directive', 'Unknown tagging directive.'],
  ])('refuse %j', async (directive, ArgumentName, message) => {
    const { error } = await expectRefused(
      client.send(
        new CopyObjectCommand({ Bucket: to, Key: 'misspelt', CopySource: source(), ...(directive as object) }),
      ),
      400,
      'InvalidArgument',
      message,
    );
    expect(error).toMatchObject({ ArgumentName, ArgumentValue: Object.values(directive)[0] });
    await expectRefused(client.send(new HeadObjectCommand({ Bucket: to, Key: 'misspelt' })), 404, 'NotFound');
  });

  it('onto itself need a change', async () => {
    await client.send(new PutObjectCommand({ Bucket: to, Key: 'self', Body: 'x' }));
    const CopySource = `${to}/self`;
    await expectRefused(
      client.send(new CopyObjectCommand({ Bucket: to, Key: 'self', CopySource })),
      400,
      'InvalidRequest',
      /^This copy request is illegal because it is trying to copy an object to itself without changing/,
    );
    await client.send(
      new CopyObjectCommand({
        Bucket: to,
        Key: 'self',
        CopySource,
        MetadataDirective: 'REPLACE',
        Metadata: { a: 'b' },
      }),
    );
    expect((await client.send(new HeadObjectCommand({ Bucket: to, Key: 'self' }))).Metadata).toEqual({ a: 'b' });
  });

  it('take a version of the source', async () => {
    const versioned = await newBucket({ versioning: 'Enabled' });
    const old = await client.send(new PutObjectCommand({ Bucket: versioned, Key: 'v', Body: 'old' }));
    await client.send(new PutObjectCommand({ Bucket: versioned, Key: 'v', Body: 'new' }));
    const copied = await client.send(
      new CopyObjectCommand({ Bucket: to, Key: 'old', CopySource: `${versioned}/v?versionId=${old.VersionId}` }),
    );
    expect(copied.CopySourceVersionId).toBe(old.VersionId);
    const got = await client.send(new GetObjectCommand({ Bucket: to, Key: 'old' }));
    expect(await got.Body!.transformToString()).toBe('old');
  });

  it('look at the conditions on the source', async () => {
    const copy = (conditions: object) =>
      client.send(new CopyObjectCommand({ Bucket: to, Key: 'conditional', CopySource: source(), ...conditions }));
    const etag = `"${md5(body)}"`;
    await expectRefused(copy({ CopySourceIfMatch: '"other"' }), 412, 'PreconditionFailed');
    await expectRefused(copy({ CopySourceIfNoneMatch: etag }), 412, 'PreconditionFailed');
    await expectRefused(copy({ CopySourceIfUnmodifiedSince: new Date(0) }), 412, 'PreconditionFailed');
    await expectRefused(
      copy({ CopySourceIfModifiedSince: new Date(Date.now() - 1) }).then(() =>
        copy({ CopySourceIfModifiedSince: new Date(Date.now()) }),
      ),
      412,
      'PreconditionFailed',
    );
    await copy({ CopySourceIfMatch: etag });
  });

  it('say what is missing', async () => {
    await expectRefused(
      client.send(new CopyObjectCommand({ Bucket: to, Key: 'x', CopySource: `${from}/absent` })),
      404,
      'NoSuchKey',
    );
    await expectRefused(
      client.send(new CopyObjectCommand({ Bucket: to, Key: 'x', CopySource: 'no-such-bucket-at-all-7d1/x' })),
      404,
      'NoSuchBucket',
    );
    await expectRefused(
      client.send(new CopyObjectCommand({ Bucket: to, Key: 'x', CopySource: 'without-a-key' })),
      400,
      'InvalidArgument',
    );
  });

  it('of 20 MiB made by the AWS CLI arrive equal', async () => {
    const big = bytes(20 * MiB);
    await client.send(new PutObjectCommand({ Bucket: from, Key: 'big', Body: big }));
    await aws(['s3', 'cp', '--quiet', `s3://${from}/big`, `s3://${to}/big`]);
    const got = await client.send(new GetObjectCommand({ Bucket: to, Key: 'big' }));
    expect(md5(Buffer.from(await got.Body!.transformToByteArray()))).toBe(md5(big));
  });

  it('mv and a folder copy by the AWS CLI', async () => {
    for (const n of [1, 2, 3]) await client.send(new PutObjectCommand({ Bucket: from, Key: `mv/${n}`, Body: `${n}` }));
    await aws(['s3', 'cp', '--quiet', '--recursive', `s3://${from}/mv/`, `s3://${to}/copied/`]);
    await aws(['s3', 'mv', '--quiet', '--recursive', `s3://${from}/mv/`, `s3://${to}/moved/`]);
    const left = await client.send(new ListObjectsV2Command({ Bucket: from, Prefix: 'mv/' }));
    expect(left.KeyCount).toBe(0);
    for (const folder of ['copied', 'moved']) {
      expect((await aws(['s3', 'ls', `s3://${to}/${folder}/`])).trim().split('\n')).toHaveLength(3);
    }
  });
});
