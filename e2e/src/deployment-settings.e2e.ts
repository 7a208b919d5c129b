import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bucketName } from './harness/buckets.ts';
import { aws, awsJson, curl, python } from './harness/cli.ts';
import { s3 } from './harness/clients.ts';
import { eventually } from './harness/eventually.ts';
import type { OwnStack } from './harness/own-stack.ts';
import { startOwnStack } from './harness/own-stack.ts';
import { native, onNative, onOwnStack } from './harness/stack.ts';

const REPLICAS = ['--gateways', '2', '--object-storages', '2'];

/** One deployment of three regions, with the defaults of the time before 2023; on the native stack everything twice. */
onOwnStack('a deployment of other settings', () => {
  let own: OwnStack;
  const inRegion = (region: string) =>
    s3({ region, endpoint: own.facts.endpoint, keys: own.facts, followRegionRedirects: false });
  /** What `coffer env` of this stack would have somebody paste. */
  const pasted = (region: string) => ({
    region,
    keys: own.facts,
    env: { AWS_ENDPOINT_URL: own.facts.endpoint, AWS_CA_BUNDLE: own.facts.caBundle },
  });

  beforeAll(async () => {
    own = await startOwnStack(
      {
        COFFER_REGIONS: 'eu-central-1, us-east-1,eu-west-1',
        COFFER_NEW_BUCKET_OWNERSHIP: 'ObjectWriter',
        COFFER_NEW_BUCKET_PUBLIC_ACCESS_BLOCK: 'off',
      },
      native ? REPLICAS : [],
    );
  });
  afterAll(() => own.stop());

  describe('regions', () => {
    const buckets: Record<string, string> = {};

    it('the first one is the default', () => expect(own.facts.region).toBe('eu-central-1'));

    it.each([
      ['eu-central-1', 'eu-central-1'],
      ['us-east-1', undefined],
      ['eu-west-1', 'eu-west-1'],
    ])('a bucket made in %s lies there', async (region, constraint) => {
      const bucket = (buckets[region] = bucketName('region'));
      await aws(['s3', 'mb', `s3://${bucket}`], pasted(region));
      const client = inRegion(region);
      const { LocationConstraint } = await client.send(new GetBucketLocationCommand({ Bucket: bucket }));
      expect(LocationConstraint).toBe(constraint);
      expect((await client.send(new HeadBucketCommand({ Bucket: bucket }))).BucketRegion).toBe(region);
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: region }));
      const { Buckets } = await own.client.send(new ListBucketsCommand({ BucketRegion: region }));
      expect(Buckets).toContainEqual(expect.objectContaining({ Name: bucket, BucketRegion: region }));
      expect(Buckets!.every(({ BucketRegion }) => BucketRegion === region)).toBe(true);
    });

    it.each([
      ['us-east-1', 'mars-1', 'InvalidLocationConstraint'],
      ['us-east-1', 'us-east-1', 'InvalidLocationConstraint'],
      ['eu-west-1', undefined, 'IllegalLocationConstraintException'],
      ['eu-west-1', 'eu-central-1', 'IllegalLocationConstraintException'],
    ])('signed for %s, the constraint %s is refused', async (region, constraint, code) => {
      const body = constraint
        ? `<CreateBucketConfiguration><LocationConstraint>${constraint}</LocationConstraint></CreateBucketConfiguration>`
        : '';
      const refused = await own.call({ method: 'PUT', path: `/${bucketName('no')}`, region, body });
      expect(refused).toMatchObject({ status: 400 });
      expect(refused.text).toContain(`<Code>${code}</Code>`);
    });

    // ap-south-1 is not served at all: the client still has to learn the region of its bucket, not the default.
    it.each(['us-east-1', 'ap-south-1'])('signed for %s, the error names the region of the bucket', async (region) => {
      const Bucket = buckets['eu-west-1']!;
      const got = inRegion(region).send(new GetObjectCommand({ Bucket, Key: 'k' }));
      await expect(got).rejects.toMatchObject({
        name: 'AuthorizationHeaderMalformed',
        message: `The authorization header is malformed; the region '${region}' is wrong; expecting 'eu-west-1'`,
        Region: 'eu-west-1',
        $response: { statusCode: 400, headers: { 'x-amz-bucket-region': 'eu-west-1' } },
      });
    });

    it.each(['us-east-1', 'ap-south-1'])('from %s the AWS CLI and boto3 find their way', async (region) => {
      const bucket = buckets['eu-west-1']!;
      const options = pasted(region);
      expect(await aws(['s3', 'cp', `s3://${bucket}/k`, '-'], options)).toBe('eu-west-1');
      await aws(['s3', 'cp', '-', `s3://${bucket}/${region}`], { ...options, input: 'up' });
      const head = ['s3api', 'head-object', '--bucket', bucket, '--key', region];
      expect(await awsJson(head, options)).toMatchObject({ ContentLength: 2 });
      const script = `
import boto3, json, sys
s3 = boto3.client('s3')
body = s3.get_object(Bucket=sys.argv[1], Key='k')['Body'].read().decode()
print(json.dumps([body, s3.head_bucket(Bucket=sys.argv[1])['BucketRegion']]))`;
      expect(await python(script, { ...options, args: [bucket] })).toEqual(['eu-west-1', 'eu-west-1']);
    });

    it('the JavaScript SDK finds a region by HeadBucket', async () => {
      const client = s3({
        region: 'us-east-1',
        endpoint: own.facts.endpoint,
        keys: own.facts,
        followRegionRedirects: true,
      });
      const { BucketRegion } = await client.send(new HeadBucketCommand({ Bucket: buckets['eu-west-1'] }));
      expect(BucketRegion).toBe('eu-west-1');
    });

    it('an object is copied from one region to another', async () => {
      const [from, to] = [`s3://${buckets['us-east-1']}/k`, `s3://${buckets['eu-west-1']}/copy`];
      await aws(['s3', 'cp', from, to, '--source-region', 'us-east-1'], pasted('eu-west-1'));
      expect(await aws(['s3', 'cp', to, '-'], pasted('eu-west-1'))).toBe('us-east-1');
    });

    it('a presigned URL, and a signature by hand, need the region of the bucket', async () => {
      const presign = (region: string) =>
        aws(['s3', 'presign', `s3://${buckets['eu-central-1']}/k`], pasted(region)).then((url) => url.trim());
      expect(await curl([await presign('eu-central-1')])).toMatchObject({ status: 200, body: 'eu-central-1' });
      const refused = await own.call({
        path: `/${buckets['eu-central-1']}/k`,
        region: 'eu-west-1',
      });
      expect(refused).toMatchObject({ status: 400 });
      expect(refused.text).toContain('<Region>eu-central-1</Region>');
    });
  });

  describe('the defaults of earlier days', () => {
    let bucket: string;
    const put = (target: string, headers: Record<string, string>) =>
      own.call({ method: 'PUT', path: `/${target}/k`, region: 'us-east-1', headers, body: 'x' });
    beforeAll(async () => {
      bucket = bucketName('open');
      await inRegion('us-east-1').send(new CreateBucketCommand({ Bucket: bucket }));
    });

    it('a public policy may be put at once', async () => {
      const Policy = JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` }],
      });
      const client = inRegion('us-east-1');
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'public', Body: 'for all' }));
      expect((await curl([`${own.facts.endpoint}/${bucket}/public`])).status).toBe(403);
      await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
      expect(await curl([`${own.facts.endpoint}/${bucket}/public`])).toMatchObject({ status: 200, body: 'for all' });
    });

    it('an upload may name an ACL that grants nothing', async () => {
      const args = ['s3', 'cp', '-', `s3://${bucket}/cli`, '--acl', 'bucket-owner-full-control'];
      await aws(args, { ...pasted('us-east-1'), input: 'up' });
      expect(await put(bucket, { 'x-amz-acl': 'private' })).toMatchObject({ status: 200 });
    });

    it('an ACL that is not kept is refused by name', async () => {
      expect((await put(bucket, { 'x-amz-acl': 'public-read' })).text).toContain('<Code>NotImplemented</Code>');
    });

    it('where ownership is enforced nonetheless, ACLs are refused as at AWS', async () => {
      const enforced = bucketName('enforced');
      const ObjectOwnership = 'BucketOwnerEnforced';
      await inRegion('us-east-1').send(new CreateBucketCommand({ Bucket: enforced, ObjectOwnership }));
      const refused = await put(enforced, { 'x-amz-acl': 'public-read' });
      expect(refused.text).toContain('<Code>AccessControlListNotSupported</Code>');
      expect(await put(enforced, { 'x-amz-acl': 'bucket-owner-full-control' })).toMatchObject({ status: 200 });
    });
  });

  onNative('two replicas', () => {
    const pidOf = (name: string) => Number(readFileSync(join(own.facts.dataFolder!, 'run', `${name}.pid`), 'utf8'));
    /** The further gateway listens on the second port after the first. */
    const secondEndpoint = () => `http://127.0.0.1:${Number(new URL(own.facts.endpoint).port) + 2}`;
    const second = () => s3({ region: 'us-east-1', endpoint: secondEndpoint(), keys: own.facts });

    it('a right that is taken away is gone at both gateways when the call has answered', async () => {
      const [first, other] = [inRegion('us-east-1'), second()];
      const Bucket = bucketName('both');
      await first.send(new CreateBucketCommand({ Bucket }));
      await other.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
      const policy = (Effect: string) =>
        new PutBucketPolicyCommand({
          Bucket,
          Policy: JSON.stringify({
            Version: '2012-10-17',
            Statement: [{ Effect, Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` }],
          }),
        });
      const urls = [own.facts.endpoint, secondEndpoint()].map((endpoint) => `${endpoint}/${Bucket}/k`);
      const statuses = () => Promise.all(urls.map(async (url) => (await fetch(url)).status));
      for (let round = 0; round < 10; round += 1) {
        await first.send(policy('Allow'));
        expect(await statuses()).toEqual([200, 200]);
        await (round % 2 ? first : other).send(policy('Deny'));
        expect(await statuses()).toEqual([403, 403]);
      }
    });

    /** A call that was lost with its receiver is sent again after a few seconds; without that it waits a minute. */
    const SERVED_WITHIN_MS = 10_000;

    it('the rest serve while one of object-storage, or a gateway, is killed', async () => {
      const client = inRegion('us-east-1');
      const Bucket = bucketName('killed');
      await client.send(new CreateBucketCommand({ Bucket }));
      const round = async (name: string) => {
        for (let n = 0; n < 30; n += 1) {
          const Key = `${name}/${n}`;
          const started = performance.now();
          await client.send(new PutObjectCommand({ Bucket, Key, Body: 'b'.repeat(20_000) }));
          const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
          expect(await Body!.transformToByteArray()).toHaveLength(20_000);
          expect(performance.now() - started, Key).toBeLessThan(SERVED_WITHIN_MS);
        }
      };
      for (const name of ['object-storage', 'object-storage-2', 'gateway-2']) {
        const pid = pidOf(name);
        process.kill(pid, 'SIGKILL');
        await round(name);
        await eventually(async () => expect(pidOf(name)).not.toBe(pid));
      }
      await eventually(() => second().send(new HeadBucketCommand({ Bucket })));
    });
  });
});
