import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeletePublicAccessBlockCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { newAccount } from './harness/accounts.ts';
import { bucketName, cleanUp, newBucket } from './harness/buckets.ts';
import { s3 } from './harness/clients.ts';
import { expectRefused } from './harness/failures.ts';
import { call } from './harness/sign.ts';
import { present, stack } from './harness/stack.ts';

const client = present ? s3() : (undefined as never);

describe.runIf(present)('buckets', () => {
  it('are made, found, listed and deleted', async () => {
    const bucket = bucketName();
    const made = await client.send(new CreateBucketCommand({ Bucket: bucket }));
    expect(made.Location).toBe(`/${bucket}`);
    const head = await client.send(new HeadBucketCommand({ Bucket: bucket }));
    expect(head.BucketRegion).toBe(stack().region);
    const { Buckets, Owner } = await client.send(new ListBucketsCommand({}));
    expect(Buckets?.find(({ Name }) => Name === bucket)?.CreationDate).toBeInstanceOf(Date);
    expect(Owner?.ID).toMatch(/^[0-9a-f]{64}$/);
    expect((await client.send(new DeleteBucketCommand({ Bucket: bucket }))).$metadata.httpStatusCode).toBe(204);
    const gone = await expectRefused(client.send(new DeleteBucketCommand({ Bucket: bucket })), 404, 'NoSuchBucket');
    expect(gone.error['BucketName']).toBe(bucket);
    expect((await call({ method: 'HEAD', path: `/${bucket}` })).status).toBe(404);
  });

  it.each([
    'ab',
    'a'.repeat(64),
    'Upper-case',
    'under_score',
    '-begins',
    'ends-',
    '.begins',
    'two..dots',
    '192.168.5.4',
    'xn--punycode',
    'sthree-x',
    'ends-s3alias',
    'ends--ol-s3',
    'with space',
    'ünicode',
  ])('may not be called %j', async (name) => {
    const answer = await call({ method: 'PUT', path: `/${encodeURIComponent(name)}` });
    expect([answer.status, answer.error['Code']]).toEqual([400, 'InvalidBucketName']);
    expect(answer.error['Message']).toBe('The specified bucket is not valid.');
  });

  it.each(['abc', 'with.dot', '1-numbers-2', 'a'.repeat(63)])('may be called like %j', async (pattern) => {
    const tail = Math.random().toString(36).slice(2, 8);
    const name =
      pattern.length >= 60
        ? pattern.slice(0, 57) + tail
        : pattern.length === 3
          ? pattern.slice(0, 1) + tail.slice(0, 2)
          : pattern + tail;
    await newBucket({ name });
    expect((await client.send(new HeadBucketCommand({ Bucket: name }))).$metadata.httpStatusCode).toBe(200);
  });

  it('made a second time by their owner', async () => {
    const bucket = await newBucket();
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'kept', Body: 'x' }));
    if (stack().region === 'us-east-1') {
      // The old region alone answers 200, and changes nothing.
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
    } else {
      await expectRefused(client.send(new CreateBucketCommand({ Bucket: bucket })), 409, 'BucketAlreadyOwnedByYou');
    }
    expect((await call({ path: `/${bucket}/kept` })).text).toBe('x');
  });

  it('raced for are made once', async () => {
    const other = s3({ keys: await newAccount() });
    const bucket = bucketName();
    const ends = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) => (n % 2 ? other : client).send(new CreateBucketCommand({ Bucket: bucket }))),
    );
    const mine = ends.filter(({ status }, n) => n % 2 === 0 && status === 'fulfilled').length;
    const theirs = ends.filter(({ status }, n) => n % 2 === 1 && status === 'fulfilled').length;
    expect(Math.min(mine, theirs)).toBe(0);
    expect(Math.max(mine, theirs)).toBeGreaterThan(0);
    cleanUp(bucket, mine > 0 ? client : other);
  });

  it('are not deleted while they hold an object', async () => {
    const bucket = await newBucket();
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x' }));
    await expectRefused(
      client.send(new DeleteBucketCommand({ Bucket: bucket })),
      409,
      'BucketNotEmpty',
      'The bucket you tried to delete is not empty',
    );
  });

  it('tell their location', async () => {
    const bucket = await newBucket();
    const { region } = stack();
    const { LocationConstraint } = await client.send(new GetBucketLocationCommand({ Bucket: bucket }));
    expect(LocationConstraint ?? 'us-east-1').toBe(region);
    const answer = await call({ path: `/${bucket}`, query: { location: '' } });
    if (region === 'us-east-1')
      expect(answer.text).toMatch(
        /<LocationConstraint xmlns="http:\/\/s3\.amazonaws\.com\/doc\/2006-03-01\/"\s*(\/>|><\/LocationConstraint>)/,
      );
  });

  it('of a region that is not here are refused', async () => {
    const create = (LocationConstraint: string) =>
      client.send(
        new CreateBucketCommand({
          Bucket: bucketName(),
          CreateBucketConfiguration: { LocationConstraint: LocationConstraint as 'EU' },
        }),
      );
    await expectRefused(create('mars-north-1'), 400, 'InvalidLocationConstraint');
  });

  it('are listed in pages, by prefix', async () => {
    const owner = s3({ keys: await newAccount() });
    const names = Array.from({ length: 7 }, (_, n) => bucketName(n < 5 ? 'page' : 'other')).toSorted();
    for (const name of names) await newBucket({ name, client: owner });
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const page = await owner.send(new ListBucketsCommand({ MaxBuckets: 3, ContinuationToken: token }));
      expect(page.Buckets!.length).toBeLessThanOrEqual(3);
      seen.push(...page.Buckets!.map(({ Name }) => Name!));
      token = page.ContinuationToken;
    } while (token);
    expect(seen).toEqual(names);
    const some = await owner.send(new ListBucketsCommand({ Prefix: 'e2e-other' }));
    expect(some.Buckets?.map(({ Name }) => Name)).toEqual(names.filter((name) => name.startsWith('e2e-other')));
  });

  describe('policies', () => {
    const policy = (bucket: string, principal: unknown = { AWS: '*' }) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'x',
            Effect: 'Deny',
            Principal: principal,
            Action: 's3:DeleteObject',
            Resource: `arn:aws:s3:::${bucket}/kept/*`,
          },
        ],
      });

    it('are put, read as they were written, and deleted', async () => {
      const bucket = await newBucket();
      const unset = await expectRefused(
        client.send(new GetBucketPolicyCommand({ Bucket: bucket })),
        404,
        'NoSuchBucketPolicy',
        'The bucket policy does not exist',
      );
      expect(unset.error['BucketName']).toBe(bucket);
      const put = await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: policy(bucket) }));
      expect(put.$metadata.httpStatusCode).toBe(204);
      const got = await client.send(new GetBucketPolicyCommand({ Bucket: bucket }));
      expect(JSON.parse(got.Policy!)).toEqual(JSON.parse(policy(bucket)));
      for (let n = 0; n < 2; n += 1) {
        const gone = await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
        expect(gone.$metadata.httpStatusCode).toBe(204);
      }
      await expectRefused(client.send(new GetBucketPolicyCommand({ Bucket: bucket })), 404, 'NoSuchBucketPolicy');
    });
  });

  describe('public access blocks', () => {
    const get = async (Bucket: string) =>
      (await client.send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration;

    it('are on for new buckets, change, and go', async () => {
      const bucket = await newBucket();
      expect(await get(bucket)).toEqual({
        BlockPublicAcls: true,
        IgnorePublicAcls: true,
        BlockPublicPolicy: true,
        RestrictPublicBuckets: true,
      });
      await client.send(
        new PutPublicAccessBlockCommand({
          Bucket: bucket,
          PublicAccessBlockConfiguration: { BlockPublicPolicy: true },
        }),
      );
      expect(await get(bucket)).toEqual({
        BlockPublicAcls: false,
        IgnorePublicAcls: false,
        BlockPublicPolicy: true,
        RestrictPublicBuckets: false,
      });
      for (let n = 0; n < 2; n += 1) {
        const gone = await client.send(new DeletePublicAccessBlockCommand({ Bucket: bucket }));
        expect(gone.$metadata.httpStatusCode).toBe(204);
      }
      await expectRefused(
        get(bucket),
        404,
        'NoSuchPublicAccessBlockConfiguration',
        'The public access block configuration was not found',
      );
    });
  });
});
