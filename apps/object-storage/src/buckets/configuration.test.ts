import type { BucketContext } from '@coffer/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alice, bob, callerOf, startWorld, type World } from '../testkit/world.ts';

let world: World;
let bucket: BucketContext;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());
beforeEach(async () => {
  bucket = await world.bucket();
});

type Name = Parameters<World['op']>[0];
const op = (name: Name, input: object = {}, account = alice) =>
  world.op(name, { Bucket: bucket.name, ...input }, { caller: callerOf(account) });

describe('versioning configuration', () => {
  it('goes through its states', async () => {
    const put = (VersioningConfiguration?: object) =>
      op('PutBucketVersioning', VersioningConfiguration ? { VersioningConfiguration } : {});
    expect(await op('GetBucketVersioning')).toEqual({});
    await put({ Status: 'Suspended' });
    expect(await op('GetBucketVersioning')).toEqual({ Status: 'Suspended' });
    await put({ Status: 'Enabled' });
    expect(await op('GetBucketVersioning')).toEqual({ Status: 'Enabled' });
    await expect(put({ Status: 'enabled' })).rejects.toMatchObject({ code: 'MalformedXML' });
    await expect(put({})).rejects.toMatchObject({
      code: 'IllegalVersioningConfigurationException',
      message: 'The Versioning element must be specified',
    });
    await expect(put({ Status: 'Enabled', MFADelete: 'Enabled' })).rejects.toMatchObject({ code: 'NotImplemented' });
  });
});

describe('public access block', () => {
  it('sets what is named, clears the rest', async () => {
    await op('PutPublicAccessBlock', { PublicAccessBlockConfiguration: { BlockPublicPolicy: true } });
    expect(await op('GetPublicAccessBlock')).toEqual({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: false,
        IgnorePublicAcls: false,
        BlockPublicPolicy: true,
        RestrictPublicBuckets: false,
      },
    });
    await op('DeletePublicAccessBlock');
    await op('DeletePublicAccessBlock');
    await expect(op('GetPublicAccessBlock')).rejects.toMatchObject({
      code: 'NoSuchPublicAccessBlockConfiguration',
      status: 404,
    });
    expect((await world.context(bucket.name)).publicAccessBlock).toBeUndefined();
  });
});

describe('CORS', () => {
  const rule = {
    AllowedOrigins: ['https://*.example.com'],
    AllowedMethods: ['GET', 'PUT'],
    AllowedHeaders: ['*'],
    MaxAgeSeconds: 30,
  };
  const put = (...CORSRules: object[]) => op('PutBucketCors', { CORSConfiguration: { CORSRules } });

  it('is stored as it was given', async () => {
    await expect(op('GetBucketCors')).rejects.toMatchObject({ code: 'NoSuchCORSConfiguration' });
    await put({ ...rule, ID: 'one', ExposeHeaders: ['ETag'] });
    expect(await op('GetBucketCors')).toEqual({ CORSRules: [{ ...rule, ID: 'one', ExposeHeaders: ['ETag'] }] });
    expect((await world.context(bucket.name)).cors).toEqual([{ ...rule, ID: 'one', ExposeHeaders: ['ETag'] }]);
    for (const origin of ['http://a\0', 'http://\ud800']) {
      await expect(put({ ...rule, AllowedOrigins: [origin] })).rejects.toMatchObject({ code: 'MalformedXML' });
    }
    await op('DeleteBucketCors');
    await op('DeleteBucketCors');
    await expect(op('GetBucketCors')).rejects.toMatchObject({ status: 404 });
  });

  it.each([
    [
      { AllowedMethods: ['OPTIONS'] },
      'InvalidRequest',
      'Found unsupported HTTP method in CORS config. Unsupported method is OPTIONS',
    ],
    [
      { AllowedMethods: ['get'] },
      'InvalidRequest',
      'Found unsupported HTTP method in CORS config. Unsupported method is get',
    ],
    [{ AllowedOrigins: ['*a*'] }, 'InvalidRequest', 'AllowedOrigin "*a*" can not have more than one wildcard.'],
    [{ AllowedHeaders: ['x-*-*'] }, 'InvalidRequest', 'AllowedHeader "x-*-*" can not have more than one wildcard.'],
    [
      { ExposeHeaders: ['ETag', 'x-amz-*'] },
      'InvalidRequest',
      'ExposeHeader "x-amz-*" contains wildcard. We currently do not support wildcard for ExposeHeader.',
    ],
    [{ AllowedOrigins: [] }, 'MalformedXML', undefined],
    [{ AllowedMethods: undefined }, 'MalformedXML', undefined],
    [{ ID: 'x'.repeat(256) }, 'MalformedXML', undefined],
  ])('refuses %j', async (change, code, message) => {
    await expect(put({ ...rule, ...change })).rejects.toMatchObject({ code, ...(message ? { message } : {}) });
  });

  it('refuses none and too many', async () => {
    await expect(put()).rejects.toMatchObject({ code: 'MalformedXML' });
    await expect(put(...Array.from({ length: 101 }, () => rule))).rejects.toMatchObject({ code: 'MalformedXML' });
  });
});

describe('bucket policy', () => {
  const user = 'arn:aws:iam::444455556666:user/robin';
  const statement = (Principal: unknown) => ({
    Sid: 'S',
    Effect: 'Allow',
    Principal,
    Action: 's3:GetObject',
    Resource: `arn:aws:s3:::${bucket.name}/*`,
  });
  const policy = (Principal: unknown) => JSON.stringify({ Version: '2012-10-17', Statement: [statement(Principal)] });
  const shown = async () =>
    (JSON.parse((await op('GetBucketPolicy')).Policy as string) as { Statement: { Principal: unknown }[] }).Statement[0]
      ?.Principal;

  it('stores users by their unique id and shows them by name while they are there', async () => {
    world.neighbours.ids.set(user, 'AIDAEXAMPLEROBIN1234');
    await op('PutBucketPolicy', { Policy: policy({ AWS: user }) });
    expect((await world.context(bucket.name)).policy).toContain('AIDAEXAMPLEROBIN1234');
    expect((await world.context(bucket.name)).policy).not.toContain('user/robin');
    expect(await shown()).toEqual({ AWS: user });
    world.neighbours.ids.delete(user);
    expect(await shown()).toEqual({ AWS: 'AIDAEXAMPLEROBIN1234' });
    await op('DeleteBucketPolicy');
    await expect(op('GetBucketPolicy')).rejects.toMatchObject({ code: 'NoSuchBucketPolicy', status: 404 });
    await op('DeleteBucketPolicy');
  });

  it('refuses principals that are not there, and broken policies', async () => {
    await expect(op('PutBucketPolicy', { Policy: policy({ AWS: user }) })).rejects.toMatchObject({
      code: 'MalformedPolicy',
      message: 'Invalid principal in policy',
    });
    await expect(op('PutBucketPolicy', { Policy: 'no' })).rejects.toMatchObject({
      code: 'MalformedPolicy',
      message: "Policies must be valid JSON and the first byte must be '{'",
    });
    const elsewhere = policy('*').replaceAll(bucket.name, 'another-bucket');
    await expect(op('PutBucketPolicy', { Policy: elsewhere })).rejects.toMatchObject({
      message: 'Policy has invalid resource',
    });
  });

  it('keeps public policies out where they are blocked', async () => {
    await expect(op('PutBucketPolicy', { Policy: policy('*') })).rejects.toMatchObject({
      code: 'AccessDenied',
      message: expect.stringContaining(
        'because public policies are blocked by the BlockPublicPolicy block public access setting.',
      ) as string,
    });
    await op('DeletePublicAccessBlock');
    await op('PutBucketPolicy', { Policy: policy('*') });
    expect(await shown()).toEqual('*');
  });

  it('belongs to the owner’s account alone', async () => {
    await op('DeletePublicAccessBlock');
    for (const name of ['PutBucketPolicy', 'GetBucketPolicy', 'DeleteBucketPolicy'] as const) {
      await expect(op(name, { Policy: policy('*') }, bob)).rejects.toMatchObject({
        code: 'MethodNotAllowed',
        status: 405,
      });
    }
  });
});

describe('object tagging', () => {
  const tagging = (...TagSet: object[]) => ({ Key: 'k', Tagging: { TagSet } });

  it('replaces, shows and removes the tags of a version', async () => {
    bucket = await world.setVersioning(bucket.name, 'Enabled');
    const first = await world.put(bucket, 'k', { tags: [{ Key: 'old', Value: '1' }] });
    const second = await world.put(bucket, 'k');
    expect(await op('PutObjectTagging', tagging({ Key: 'a', Value: '' }))).toEqual({ VersionId: second.versionId });
    expect(await op('GetObjectTagging', { Key: 'k' })).toEqual({
      VersionId: second.versionId,
      TagSet: [{ Key: 'a', Value: '' }],
    });
    expect(await op('GetObjectTagging', { Key: 'k', VersionId: first.versionId })).toEqual({
      VersionId: first.versionId,
      TagSet: [{ Key: 'old', Value: '1' }],
    });
    expect((await world.locate(bucket, 'k')).version).toMatchObject({ tagCount: 1, tagRevision: 1 });
    expect(await op('DeleteObjectTagging', { Key: 'k', VersionId: first.versionId })).toEqual({
      VersionId: first.versionId,
    });
    expect(await op('GetObjectTagging', { Key: 'k', VersionId: first.versionId })).toMatchObject({ TagSet: [] });
    const marker = (await world.remove(bucket, [{ key: 'k' }])).results[0]?.versionId;
    await expect(op('GetObjectTagging', { Key: 'k', VersionId: marker })).rejects.toMatchObject({
      code: 'MethodNotAllowed',
      extras: { ResourceType: 'DeleteMarker' },
    });
    await expect(op('GetObjectTagging', { Key: 'k' })).rejects.toMatchObject({ code: 'NoSuchKey' });
  });

  it.each([
    [
      Array.from({ length: 11 }, (_, index) => ({ Key: `k${index}`, Value: '' })),
      'BadRequest',
      'Object tags cannot be greater than 10',
    ],
    [
      [
        { Key: 'a', Value: '1' },
        { Key: 'a', Value: '2' },
      ],
      'InvalidTag',
      'Cannot provide multiple Tags with the same key',
    ],
    [[{ Key: 'x'.repeat(129), Value: '' }], 'InvalidTag', 'The TagKey you have provided is invalid'],
    [[{ Key: 'k', Value: 'x'.repeat(257) }], 'InvalidTag', 'The TagValue you have provided is invalid'],
    [[{ Key: '', Value: '' }], 'InvalidTag', 'The TagKey you have provided is invalid'],
    [[{ Key: 'a#', Value: '' }], 'InvalidTag', 'The TagKey you have provided is invalid'],
    [[{ Key: 'a' }], 'MalformedXML', undefined],
  ])('refuses tags %#', async (tags, code, message) => {
    await world.put(bucket, 'k');
    await expect(op('PutObjectTagging', tagging(...tags))).rejects.toMatchObject({
      code,
      status: 400,
      ...(message ? { message } : {}),
    });
  });
});
