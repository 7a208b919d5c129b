import { objectStorage } from '@coffer/contracts';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alice, bob, callerOf, draftOf, startWorld, type World } from '../testkit/world.ts';
import { isBucketName } from './bucket-name.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({
    COFFER_REGIONS: 'us-east-1,eu-central-1,eu-west-1',
    COFFER_MAX_BUCKETS_PER_ACCOUNT: '60',
  });
});
afterAll(() => world?.close());

const newName = () => `bucket-${randomUUID()}`;

describe('CreateBucket', () => {
  it('makes buckets as AWS does today', async () => {
    const name = newName();
    expect(await world.op('CreateBucket', { Bucket: name })).toEqual({ Location: `/${name}` });
    expect(await world.context(name)).toMatchObject({
      name,
      region: 'us-east-1',
      ownerAccountId: alice.accountId,
      ownerCanonicalId: alice.canonicalId,
      versioning: 'unversioned',
      protected: false,
      ownership: 'BucketOwnerEnforced',
      publicAccessBlock: {
        BlockPublicAcls: true,
        IgnorePublicAcls: true,
        BlockPublicPolicy: true,
        RestrictPublicBuckets: true,
      },
      revision: { bucket: 1, account: 0 },
    });
    expect(await world.op('HeadBucket', { Bucket: name })).toMatchObject({ BucketRegion: 'us-east-1' });
  });

  it('checks names', () => {
    for (const good of ['abc', 'a.b-c', '0a1', 'x'.repeat(63)]) expect(isBucketName(good), good).toBe(true);
    const bad = [
      'ab',
      'x'.repeat(64),
      'Abc',
      'a_b',
      '-ab',
      'ab-',
      '.ab',
      'a..b',
      '10.0.0.1',
      'xn--abc',
      'sthree-a',
      'a-s3alias',
      'a--ol-s3',
      'ab\n',
      'é12',
    ];
    for (const name of bad) expect(isBucketName(name), name).toBe(false);
  });

  it.each([
    ['us-east-1', undefined, 'us-east-1'],
    ['us-east-1', 'eu-central-1', 'eu-central-1'],
    ['us-east-1', 'EU', 'eu-west-1'],
    ['eu-central-1', 'eu-central-1', 'eu-central-1'],
    ['eu-central-1', undefined, 'IllegalLocationConstraintException'],
    ['eu-central-1', 'eu-west-1', 'IllegalLocationConstraintException'],
    ['us-east-1', 'us-east-1', 'InvalidLocationConstraint'],
    ['us-east-1', 'mars-1', 'InvalidLocationConstraint'],
  ])('signed for %s with constraint %s', async (region, LocationConstraint, expected) => {
    const Bucket = newName();
    const input = { Bucket, ...(LocationConstraint ? { CreateBucketConfiguration: { LocationConstraint } } : {}) };
    const made = world.op('CreateBucket', input, { caller: callerOf(alice, region) });
    if (expected.includes('Constraint')) {
      await expect(made).rejects.toMatchObject({ code: expected, status: 400 });
    } else {
      await made;
      expect((await world.context(Bucket)).region).toBe(expected);
      expect(await world.op('GetBucketLocation', { Bucket })).toEqual(
        expected === 'us-east-1' ? {} : { LocationConstraint: expected },
      );
    }
  });

  it('tells whose the name is', async () => {
    const [east, other] = [newName(), newName()];
    await world.op('CreateBucket', { Bucket: east });
    await world.op('CreateBucket', {
      Bucket: other,
      CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
    });
    await world.op('CreateBucket', { Bucket: east });
    await expect(
      world.op(
        'CreateBucket',
        { Bucket: other, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } },
        { caller: callerOf(alice, 'eu-central-1') },
      ),
    ).rejects.toMatchObject({ code: 'BucketAlreadyOwnedByYou', status: 409 });
    await expect(world.op('CreateBucket', { Bucket: east }, { caller: callerOf(bob) })).rejects.toMatchObject({
      code: 'BucketAlreadyExists',
    });
  });

  it('two accounts racing for a name: one gets it', async () => {
    const Bucket = newName();
    const results = await Promise.allSettled(
      [alice, bob, alice, bob].map((account) => world.op('CreateBucket', { Bucket }, { caller: callerOf(account) })),
    );
    const owner = (await world.context(Bucket)).ownerAccountId;
    const won = results.map((result) => result.status === 'fulfilled');
    expect(won).toEqual(owner === alice.accountId ? [true, false, true, false] : [false, true, false, true]);
  });

  it('ownership, ACLs and what is not there yet', async () => {
    const create = (input: object) => world.op('CreateBucket', { Bucket: newName(), ...input });
    await create({ ACL: 'private' });
    await expect(create({ ACL: 'public-read' })).rejects.toMatchObject({ code: 'InvalidBucketAclWithObjectOwnership' });
    await expect(create({ GrantRead: 'id=x' })).rejects.toMatchObject({ code: 'InvalidBucketAclWithObjectOwnership' });
    await expect(create({ ACL: 'public-read', ObjectOwnership: 'ObjectWriter' })).rejects.toMatchObject({
      code: 'AccessDenied',
    });
    await expect(create({ ObjectOwnership: 'Nobody' })).rejects.toMatchObject({ code: 'InvalidArgument' });
    await expect(create({ ObjectLockEnabledForBucket: true })).rejects.toMatchObject({
      code: 'NotImplemented',
      status: 501,
      extras: { Header: 'x-amz-bucket-object-lock-enabled' },
    });
    const name = newName();
    await world.op('CreateBucket', { Bucket: name, ObjectOwnership: 'BucketOwnerPreferred' });
    expect((await world.context(name)).ownership).toBe('BucketOwnerPreferred');
  });

  it('limits the buckets of an account', async () => {
    const account = { accountId: '999999999999', canonicalId: 'c'.repeat(64) };
    await Promise.all(
      Array.from({ length: 60 }, () => world.op('CreateBucket', { Bucket: newName() }, { caller: callerOf(account) })),
    );
    await expect(world.op('CreateBucket', { Bucket: newName() }, { caller: callerOf(account) })).rejects.toMatchObject({
      code: 'TooManyBuckets',
    });
  });

  it('repeated as the same request it answers the same', async () => {
    const Bucket = newName();
    const caller = callerOf();
    const message = { caller, input: { Bucket }, time: Date.now(), draft: draftOf(caller, 'CreateBucket') };
    const create = objectStorage.objectMutations.CreateBucket;
    expect(await world.call(create, message)).toEqual(await world.call(create, message));
  });

  it('other defaults for new buckets', async () => {
    const open = await startWorld({
      COFFER_NEW_BUCKET_OWNERSHIP: 'ObjectWriter',
      COFFER_NEW_BUCKET_PUBLIC_ACCESS_BLOCK: 'off',
    });
    try {
      const Bucket = newName();
      await open.op('CreateBucket', { Bucket });
      const context = await open.context(Bucket);
      expect(context.ownership).toBe('ObjectWriter');
      expect(context.publicAccessBlock).toBeUndefined();
    } finally {
      await open.close();
    }
  });
});

describe('DeleteBucket', () => {
  it('only when empty; uploads in progress do not count', async () => {
    const bucket = await world.bucket();
    await world.put(bucket, 'k');
    const remove = () => world.op('DeleteBucket', { Bucket: bucket.name });
    await expect(remove()).rejects.toMatchObject({
      code: 'BucketNotEmpty',
      message: 'The bucket you tried to delete is not empty',
      extras: { BucketName: bucket.name },
    });
    const versioned = await world.setVersioning(bucket.name, 'Enabled');
    await world.remove(versioned, [{ key: 'k' }]);
    await expect(remove()).rejects.toMatchObject({
      message: 'The bucket you tried to delete is not empty. You must delete all versions in the bucket.',
    });
    const page = await world.op('ListObjectVersions', { Bucket: bucket.name });
    const all = [...(page.Versions as { VersionId: string }[]), ...(page.DeleteMarkers as { VersionId: string }[])];
    await world.remove(
      versioned,
      all.map(({ VersionId }) => ({ key: 'k', versionId: VersionId })),
    );
    const upload = await world.upload(versioned, 'u');
    const part = await upload.part(1, 10);
    await remove();
    await expect(world.context(bucket.name)).rejects.toMatchObject({ code: 'NoSuchBucket' });
    await expect(remove()).rejects.toMatchObject({ code: 'NoSuchBucket', extras: { BucketName: bucket.name } });
    await expect(world.put(versioned, 'k')).rejects.toMatchObject({ code: 'NoSuchBucket' });
    await world.operator.call(objectStorage.collect, {});
    const [claim] = await world.query<{ state: string }>('SELECT state FROM blob_claims WHERE blob_id = $1', [
      part.body.blobId,
    ]);
    expect(claim?.state).toBe('doomed');
  });

  it('racing with a commit, either the object or the bucket is refused', async () => {
    for (let round = 0; round < 10; round += 1) {
      const bucket = await world.bucket({ account: bob });
      const [put, removed] = await Promise.allSettled([
        world.put(bucket, 'k'),
        world.op('DeleteBucket', { Bucket: bucket.name }, { bucket }),
      ]);
      expect([put.status, removed.status].toSorted()).toEqual(['fulfilled', 'rejected']);
      if (put.status === 'fulfilled') {
        await world.remove(bucket, [{ key: 'k' }]);
        await world.op('DeleteBucket', { Bucket: bucket.name });
      }
    }
  });
});

describe('revisions', () => {
  it('a decision under an older configuration is refused with the new one', async () => {
    const bucket = await world.bucket();
    const now = await world.setVersioning(bucket.name, 'Enabled');
    expect(now.revision.bucket).toBe(bucket.revision.bucket + 1);
    const stale = { code: 'StaleContext', data: now };
    await expect(world.put(bucket, 'k')).rejects.toMatchObject(stale);
    await expect(world.locate(bucket, 'k')).rejects.toMatchObject(stale);
    await expect(world.remove(bucket, [{ key: 'k' }])).rejects.toMatchObject(stale);
    await expect(world.upload(bucket, 'k')).rejects.toMatchObject(stale);
    await expect(
      world.op(
        'PutBucketVersioning',
        { Bucket: bucket.name, VersioningConfiguration: { Status: 'Enabled' } },
        { bucket },
      ),
    ).rejects.toMatchObject(stale);
    await expect(world.op('ListObjectsV2', { Bucket: bucket.name }, { bucket })).rejects.toMatchObject(stale);
  });
});

describe('a name that belongs to another bucket now', () => {
  it('is told with the new context', async () => {
    const old = await world.bucket();
    await world.op('DeleteBucket', { Bucket: old.name });
    await world.op('CreateBucket', { Bucket: old.name });
    const now = await world.context(old.name);
    expect(now.bucketId).not.toBe(old.bucketId);
    const stale = { code: 'StaleContext', data: now };
    await expect(world.op('ListObjectsV2', { Bucket: old.name }, { bucket: old })).rejects.toMatchObject(stale);
    await expect(world.op('DeleteBucket', { Bucket: old.name }, { bucket: old })).rejects.toMatchObject(stale);
    await expect(world.remove(old, [{ key: 'k' }])).rejects.toMatchObject(stale);
    await expect(world.put(old, 'k')).rejects.toMatchObject(stale);
  });
});

describe('bucket keys', () => {
  it('whoever comes second gets the winner; a rotation moves the revision', async () => {
    const name = newName();
    await world.op('CreateBucket', { Bucket: name });
    const { bucketId } = await world.context(name);
    const offer = (id: string, replaces?: string) =>
      world.call(objectStorage.offerBucketKey, {
        bucketId,
        key: { id, wrapped: Buffer.from(id), createdAt: 1 },
        ...(replaces ? { replaces } : {}),
      });
    const replies = await Promise.all(['a', 'b', 'c'].map((id) => offer(id)));
    expect(new Set(replies.map((reply) => reply.key.id)).size).toBe(1);
    const winner = replies[0]?.key.id ?? '';
    const before = await world.context(name);
    expect(before.bucketKey?.id).toBe(winner);
    expect((await offer('next', 'other')).key.id).toBe(winner);
    expect((await offer('next', winner)).key.id).toBe('next');
    const after = await world.context(name);
    expect(after.revision.bucket).toBe(before.revision.bucket + 1);
    const find = (keyId: string) => world.call(objectStorage.findBucketKey, { bucketId, keyId });
    expect(Buffer.from((await find(winner)).key.wrapped).toString()).toBe(winner);
    await expect(find('unknown')).rejects.toMatchObject({ code: 'NoSuchBucketKey' });
  });
});

describe('ListBuckets', () => {
  it('the own ones by name, in pages', async () => {
    const account = { accountId: '888888888888', canonicalId: 'd'.repeat(64) };
    const caller = () => ({ caller: callerOf(account) });
    const names = ['l-c', 'l-a', 'l-b', 'm-a'].map((name) => `${name}-${randomUUID()}`).toSorted();
    for (const Bucket of names) await world.op('CreateBucket', { Bucket }, caller());
    const list = (input: object = {}) => world.op('ListBuckets', input as Record<string, unknown>, caller());
    const all = await list();
    expect(all.Buckets).toMatchObject(names.map((Name) => ({ Name, CreationDate: expect.any(Date) as Date })));
    expect(all).toMatchObject({ Owner: { ID: account.canonicalId } });
    expect(all.ContinuationToken).toBeUndefined();
    const first = await list({ MaxBuckets: 3, Prefix: 'l-' });
    expect(first.Buckets).toHaveLength(3);
    expect(first.ContinuationToken).toBeUndefined();
    const one = await list({ MaxBuckets: 1 });
    const rest = await list({ MaxBuckets: 10, ContinuationToken: one.ContinuationToken });
    expect(rest.Buckets).toMatchObject(names.slice(1).map((Name) => ({ Name, BucketRegion: 'us-east-1' })));
    expect((await list({ BucketRegion: 'eu-west-1' })).Buckets).toEqual([]);
    await expect(list({ MaxBuckets: 0 })).rejects.toMatchObject({ code: 'InvalidArgument' });
    await expect(world.op('ListBuckets', { ContinuationToken: one.ContinuationToken })).rejects.toMatchObject({
      code: 'InvalidArgument',
    });
  });
});
