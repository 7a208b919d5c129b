import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ChecksumAlgorithm, PutObjectCommandInput } from '@aws-sdk/client-s3';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import { newBucket } from './harness/buckets.ts';
import { python } from './harness/cli.ts';
import { s3 } from './harness/clients.ts';
import { bytes, md5 } from './harness/data.ts';
import { call } from './harness/sign.ts';
import { present } from './harness/stack.ts';

const client = present ? s3() : (undefined as never);

/** The check input of the CRC catalogues, and its published values. */
const TEXT = '123456789';
const hash = (algorithm: string) => createHash(algorithm).update(TEXT).digest('base64');
const VALUES: Record<string, string> = {
  CRC32: Buffer.from('cbf43926', 'hex').toString('base64'),
  CRC32C: Buffer.from('e3069283', 'hex').toString('base64'),
  CRC64NVME: Buffer.from('ae8b14860a799888', 'hex').toString('base64'),
  SHA1: hash('sha1'),
  SHA256: hash('sha256'),
};
const member = (algorithm: string) => `Checksum${algorithm}` as 'ChecksumCRC32';
const headerName = (algorithm: string) => `x-amz-checksum-${algorithm.toLowerCase()}`;

describe.runIf(present)('checksums', () => {
  let bucket: string;
  beforeAll(async () => void (bucket = await newBucket({ purpose: 'sums' })));
  const put = (input: Omit<PutObjectCommandInput, 'Bucket'>) =>
    client.send(new PutObjectCommand({ Bucket: bucket, ...input }));
  const raw = (headers: Record<string, string>, body = TEXT, key = 'raw') =>
    call({ method: 'PUT', path: `/${bucket}/${key}`, headers, body });

  describe.each(Object.entries(VALUES))('%s', (algorithm, value) => {
    it('is kept with the object and given back', async () => {
      const made = await put({ Key: algorithm, Body: TEXT, [member(algorithm)]: value });
      expect(made).toMatchObject({ [member(algorithm)]: value, ChecksumType: 'FULL_OBJECT' });
      const head = await client.send(
        new HeadObjectCommand({ Bucket: bucket, Key: algorithm, ChecksumMode: 'ENABLED' }),
      );
      expect(head).toMatchObject({ [member(algorithm)]: value, ChecksumType: 'FULL_OBJECT' });
      const quiet = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: algorithm }));
      expect(quiet[member(algorithm)]).toBeUndefined();
      const got = await client.send(new GetObjectCommand({ Bucket: bucket, Key: algorithm, ChecksumMode: 'ENABLED' }));
      expect(got[member(algorithm)]).toBe(value);
      expect(await got.Body!.transformToString()).toBe(TEXT);
    });

    it('that differs refuses the upload and leaves nothing', async () => {
      const wrong = Buffer.from(value, 'base64');
      wrong[0]! ^= 1;
      const answer = await raw({ [headerName(algorithm)]: wrong.toString('base64') }, TEXT, `wrong-${algorithm}`);
      expect([answer.status, answer.error['Code'], answer.error['Message']]).toEqual([
        400,
        'BadDigest',
        `The ${algorithm} you specified did not match the calculated checksum.`,
      ]);
      expect((await call({ method: 'HEAD', path: `/${bucket}/wrong-${algorithm}` })).status).toBe(404);
    });

    it('that is no such value is refused', async () => {
      const answer = await raw({ [headerName(algorithm)]: 'AAA=' });
      expect([answer.status, answer.error['Code'], answer.error['Message']]).toEqual([
        400,
        'InvalidRequest',
        `Value for ${headerName(algorithm)} header is invalid.`,
      ]);
    });

    it.each(['http', 'https'])('in a trailer over %s', async (scheme) => {
      const own = s3({ https: scheme === 'https' });
      const body = bytes(200_000);
      const Key = `trailer-${scheme}-${algorithm}`;
      await own.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key,
          Body: Readable.from([body.subarray(0, 77_777), body.subarray(77_777)]),
          ContentLength: body.length,
          ChecksumAlgorithm: algorithm as ChecksumAlgorithm,
        }),
      );
      const got = await own.send(new GetObjectCommand({ Bucket: bucket, Key, ChecksumMode: 'ENABLED' }));
      expect(got[member(algorithm)]).toBeTruthy();
      expect(got.ContentEncoding).toBeUndefined();
      expect(Buffer.from(await got.Body!.transformToByteArray()).equals(body)).toBe(true);
    });
  });

  it('none sent: CRC64NVME over the whole object is computed and kept', async () => {
    const answer = await raw({}, TEXT, 'none');
    expect(answer.status).toBe(200);
    expect(answer.headers['x-amz-checksum-crc64nvme']).toBe(VALUES['CRC64NVME']);
    expect(answer.headers['x-amz-checksum-type']).toBe('FULL_OBJECT');
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'none', ChecksumMode: 'ENABLED' }));
    expect(head.ChecksumCRC64NVME).toBe(VALUES['CRC64NVME']);
  });

  it('two at once are refused', async () => {
    const answer = await raw({ 'x-amz-checksum-crc32': VALUES['CRC32']!, 'x-amz-checksum-sha1': VALUES['SHA1']! });
    expect([answer.status, answer.error['Code'], answer.error['Message']]).toEqual([
      400,
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    ]);
  });

  it('an algorithm that is named, but not sent or not known, is refused', async () => {
    for (const name of ['CRC32', 'ROT13']) {
      const answer = await raw({ 'x-amz-sdk-checksum-algorithm': name });
      expect([answer.status, answer.error['Code']], name).toEqual([400, 'InvalidRequest']);
    }
  });

  it('Content-MD5 is checked', async () => {
    const right = createHash('md5').update(TEXT).digest('base64');
    expect((await raw({ 'content-md5': right })).status).toBe(200);
    const wrong = await raw({ 'content-md5': createHash('md5').update('other').digest('base64') }, TEXT, 'wrong-md5');
    expect([wrong.status, wrong.error['Code']]).toEqual([400, 'BadDigest']);
    expect(wrong.error).toMatchObject({
      ExpectedDigest: createHash('md5').update('other').digest('base64'),
      CalculatedDigest: right,
    });
    expect((await call({ method: 'HEAD', path: `/${bucket}/wrong-md5` })).status).toBe(404);
    const junk = await raw({ 'content-md5': 'not base64!' });
    expect([junk.status, junk.error['Code'], junk.error['Content-MD5']]).toEqual([400, 'InvalidDigest', 'not base64!']);
  });

  it.each(['http', 'https'])('boto3 over %s sends what it sends, and it is kept', async (scheme) => {
    const answer = await python(
      `
import boto3, json, os, sys
s3 = boto3.client('s3')
body = os.urandom(100_000)
out = {}
for algorithm in ['CRC32', 'SHA1', 'SHA256']:
    s3.put_object(Bucket=sys.argv[1], Key='boto-' + algorithm, Body=body, ChecksumAlgorithm=algorithm)
    got = s3.get_object(Bucket=sys.argv[1], Key='boto-' + algorithm, ChecksumMode='ENABLED')
    out[algorithm] = [got['Body'].read() == body, 'Checksum' + algorithm in got, got.get('ContentEncoding')]
s3.put_object(Bucket=sys.argv[1], Key='boto-default', Body=body, ContentEncoding='gzip')
head = s3.head_object(Bucket=sys.argv[1], Key='boto-default', ChecksumMode='ENABLED')
out['default'] = [head['ETag'], head['ContentEncoding'], 'ChecksumCRC32' in head]
import hashlib
out['md5'] = hashlib.md5(body).hexdigest()
print(json.dumps(out))
`,
      { https: scheme === 'https', args: [bucket] },
    );
    for (const algorithm of ['CRC32', 'SHA1', 'SHA256']) expect(answer[algorithm]).toEqual([true, true, null]);
    expect(answer.default).toEqual([`"${answer.md5}"`, 'gzip', true]);
  });

  it('ETag is the MD5 of the plaintext', async () => {
    const body = bytes(300_000);
    const made = await put({ Key: 'etag', Body: body });
    expect(made.ETag).toBe(`"${md5(body)}"`);
    expect(made.ServerSideEncryption).toBe('AES256');
  });
});
