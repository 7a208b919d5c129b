import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { User } from './harness/accounts.ts';
import { newUser } from './harness/accounts.ts';
import { newBucket } from './harness/buckets.ts';
import { s3 } from './harness/clients.ts';
import { refusal } from './harness/failures.ts';
import { call } from './harness/sign.ts';
import { present } from './harness/stack.ts';

const client = present ? s3() : (undefined as never);

describe.runIf(present)('policies on s3:ExistingObjectTag', () => {
  let bucket: string;
  let bob: User;
  let asBob: S3Client;
  const everything = { Effect: 'Allow', Action: 's3:*', Resource: '*' };
  const policy = (...Statement: object[]) =>
    client.send(
      new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) }),
    );
  const denySecret = (Action: string | string[] = 's3:*Object*') =>
    policy({
      Effect: 'Deny',
      Principal: { AWS: bob.arn },
      Action,
      Resource: `arn:aws:s3:::${bucket}/*`,
      Condition: { StringEquals: { 's3:ExistingObjectTag/class': 'secret' } },
    });
  const put = async (Key: string, Tagging: string) =>
    (await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: `bytes of ${Key}`, Tagging }))).VersionId!;
  const text = async (who: S3Client, Key: string) =>
    await (await who.send(new GetObjectCommand({ Bucket: bucket, Key }))).Body!.transformToString();
  const tagsOf = async (Key: string) =>
    (await client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key }))).TagSet;

  beforeAll(async () => {
    bucket = await newBucket({ purpose: 'tags', versioning: 'Enabled' });
    bob = await newUser([everything]);
    asBob = s3({ keys: bob });
  });
  beforeEach(async () => {
    await put('secret', 'class=secret');
    await put('open', 'class=open');
  });
  afterEach(async () => {
    await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
  });

  it('bite on the very first read after the policy was put', async () => {
    for (let round = 0; round < 5; round += 1) {
      expect(await text(asBob, 'secret')).toBe('bytes of secret');
      await denySecret();
      expect((await refusal(text(asBob, 'secret'))).status).toBe(403);
      expect(await text(asBob, 'open')).toBe('bytes of open');
      await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
    }
  });

  const target = (Key = 'secret') => ({ Bucket: bucket, Key });
  const calls: [string, (who: S3Client, key: string) => Promise<unknown>][] = [
    ['GetObject', (who, key) => who.send(new GetObjectCommand(target(key)))],
    ['GetObject of a range', (who, key) => who.send(new GetObjectCommand({ ...target(key), Range: 'bytes=0-1' }))],
    ['HeadObject', (who, key) => who.send(new HeadObjectCommand(target(key)))],
    [
      'GetObjectAttributes',
      (who, key) =>
        who.send(new GetObjectAttributesCommand({ ...target(key), ObjectAttributes: ['ETag', 'ObjectSize'] })),
    ],
    ['GetObjectTagging', (who, key) => who.send(new GetObjectTaggingCommand(target(key)))],
    [
      'PutObjectTagging',
      (who, key) =>
        who.send(
          new PutObjectTaggingCommand({ ...target(key), Tagging: { TagSet: [{ Key: 'class', Value: 'open' }] } }),
        ),
    ],
    ['DeleteObjectTagging', (who, key) => who.send(new DeleteObjectTaggingCommand(target(key)))],
    [
      'CopyObject out of it',
      (who, key) =>
        who.send(
          new CopyObjectCommand({ ...target('stolen'), CopySource: `${bucket}/${key}`, TaggingDirective: 'REPLACE' }),
        ),
    ],
    [
      'CopyObject out of it into another bucket',
      async (who, key) => {
        const other = await newBucket({ purpose: 'loot' });
        return await who.send(new CopyObjectCommand({ Bucket: other, Key: 'stolen', CopySource: `${bucket}/${key}` }));
      },
    ],
    [
      'UploadPartCopy out of it',
      async (who, key) => {
        const { UploadId } = await who.send(new CreateMultipartUploadCommand(target('parts')));
        const { CopyPartResult } = await who.send(
          new UploadPartCopyCommand({ ...target('parts'), UploadId, PartNumber: 1, CopySource: `${bucket}/${key}` }),
        );
        return await who.send(
          new CompleteMultipartUploadCommand({
            ...target('parts'),
            UploadId,
            MultipartUpload: { Parts: [{ PartNumber: 1, ETag: CopyPartResult!.ETag }] },
          }),
        );
      },
    ],
  ];

  describe.each(calls)('a Deny for %s', (name, run) => {
    const copies = /Copy/.test(name);
    it('refuses what has the tag, the first time and again, and changes nothing', async () => {
      await denySecret();
      for (let time = 0; time < 2; time += 1) expect((await refusal(run(asBob, 'secret'))).status).toBe(403);
      expect(await tagsOf('secret')).toEqual([{ Key: 'class', Value: 'secret' }]);
      if (copies) {
        const stolen = await refusal(
          client.send(new HeadObjectCommand(target(/Part/.test(name) ? 'parts' : 'stolen'))),
        );
        expect(stolen.status).toBe(404);
      }
    });

    it('leaves the rest alone', async () => {
      await put('free', 'class=open');
      await denySecret();
      await run(asBob, 'free');
      for (const Key of ['stolen', 'parts']) await client.send(new DeleteObjectCommand(target(Key)));
    });
  });

  it('hold for a version that is named', async () => {
    const version = await put('versions', 'class=secret');
    await put('versions', 'class=open');
    await denySecret();
    expect(await text(asBob, 'versions')).toBe('bytes of versions');
    const named = { ...target('versions'), VersionId: version };
    expect((await refusal(asBob.send(new GetObjectCommand(named)))).status).toBe(403);
    expect((await refusal(asBob.send(new GetObjectTaggingCommand(named)))).status).toBe(403);
    expect(
      (
        await refusal(
          asBob.send(
            new CopyObjectCommand({ ...target('stolen'), CopySource: `${bucket}/versions?versionId=${version}` }),
          ),
        )
      ).status,
    ).toBe(403);
  });

  it('hold when the condition stands in the user’s own policy', async () => {
    const carol = await newUser([
      everything,
      {
        Effect: 'Deny',
        Action: 's3:GetObject*',
        Resource: '*',
        Condition: { StringEquals: { 's3:ExistingObjectTag/class': 'secret' } },
      },
    ]);
    const asCarol = s3({ keys: carol });
    expect(await text(asCarol, 'open')).toBe('bytes of open');
    expect((await refusal(text(asCarol, 'secret'))).status).toBe(403);
    expect(
      (await refusal(asCarol.send(new CopyObjectCommand({ ...target('stolen'), CopySource: `${bucket}/secret` }))))
        .status,
    ).toBe(403);
  });

  it('can give what nothing else gives, for reads and for sources of copies', async () => {
    const dave = await newUser();
    const own = await newBucket({ purpose: 'dave' });
    await dave.allow({ Effect: 'Allow', Action: 's3:PutObject', Resource: `arn:aws:s3:::${own}/*` });
    const asDave = s3({ keys: dave });
    await policy({
      Effect: 'Allow',
      Principal: { AWS: dave.arn },
      Action: 's3:GetObject',
      Resource: `arn:aws:s3:::${bucket}/*`,
      Condition: { StringEquals: { 's3:ExistingObjectTag/class': 'open' } },
    });
    expect(await text(asDave, 'open')).toBe('bytes of open');
    expect((await refusal(text(asDave, 'secret'))).status).toBe(403);
    const copy = (key: string) =>
      asDave.send(
        new CopyObjectCommand({ Bucket: own, Key: key, CopySource: `${bucket}/${key}`, TaggingDirective: 'REPLACE' }),
      );
    await copy('open');
    expect((await refusal(copy('secret'))).status).toBe(403);
  });

  it('tell a stranger nothing of what is there before the tags are judged', async () => {
    const eve = await newUser();
    const marker = await put('gone', 'class=open').then(
      async () => (await client.send(new DeleteObjectCommand(target('gone')))).VersionId!,
    );
    await policy({
      Effect: 'Allow',
      Principal: { AWS: eve.arn },
      Action: ['s3:GetObject', 's3:GetObjectVersion'],
      Resource: `arn:aws:s3:::${bucket}/*`,
      Condition: { StringEquals: { 's3:ExistingObjectTag/class': 'open' } },
    });
    for (const [path, query] of [
      ['absent', {}],
      ['secret', {}],
      ['secret', { partNumber: '9' }],
      ['secret', { versionId: '3L4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY' }],
      ['gone', {}],
      ['gone', { versionId: marker }],
    ] as [string, Record<string, string>][]) {
      const answer = await call({ path: `/${bucket}/${path}`, query, keys: eve });
      expect(`${path} ${JSON.stringify(query)} ${answer.status} ${answer.error['Code']}`).toBe(
        `${path} ${JSON.stringify(query)} 403 AccessDenied`,
      );
      expect(answer.headers).not.toHaveProperty('x-amz-delete-marker');
      expect(answer.text).not.toContain('ActualPartCount');
    }
  });

  describe('names that are equal but for case', () => {
    it.each(['class=secret&Class=open', 'Class=open&class=secret', 'CLASS=open&class=secret'])(
      'cannot hide a tag from a Deny: %s',
      async (tagging) => {
        await put('twice', tagging);
        expect(await text(asBob, 'twice')).toBe('bytes of twice');
        await denySecret();
        expect((await refusal(text(asBob, 'twice'))).status).toBe(403);
        expect(
          (await refusal(asBob.send(new CopyObjectCommand({ ...target('stolen'), CopySource: `${bucket}/twice` }))))
            .status,
        ).toBe(403);
      },
    );
  });
});
