import { beforeAll, describe, expect, it } from 'vitest';
import { aws } from './harness/cli.ts';
import { bucketWithK, said } from './harness/errors.ts';
import { call } from './harness/sign.ts';
import { present } from './harness/stack.ts';

describe.runIf(present)('errors of what is not here', () => {
  let bucket: string;
  beforeAll(async () => void (bucket = await bucketWithK()));

  it('a bucket', async () => {
    const answer = await call({ path: '/no-such-bucket-at-all-7d1/k' });
    expect(said(answer)).toBe('404 NoSuchBucket');
    expect(answer.error).toMatchObject({
      Message: 'The specified bucket does not exist',
      BucketName: 'no-such-bucket-at-all-7d1',
    });
  });

  it.each([
    ['GET', 'accelerate'],
    ['PUT', 'inventory'],
    ['GET', 'analytics'],
    ['POST', 'restore'],
    ['GET', 'torrent'],
  ])('%s ?%s is not implemented, by name', async (method, name) => {
    const key = name === 'restore' || name === 'torrent' ? '/k' : '';
    const answer = await call({
      method,
      path: `/${bucket}${key}`,
      query: { [name]: '', ...(name === 'inventory' || name === 'analytics' ? { id: 'x' } : {}) },
    });
    expect(said(answer)).toBe('501 NotImplemented');
    expect(answer.error['Message']).toMatch(/accelerat|inventory|analytics|restore|torrent/i);
  });

  it('through the AWS CLI', async () => {
    await expect(aws(['s3api', 'get-bucket-accelerate-configuration', '--bucket', bucket])).rejects.toThrow(
      /\(NotImplemented\)/,
    );
    await expect(aws(['s3api', 'get-object', '--bucket', bucket, '--key', 'absent', '/dev/null'])).rejects.toThrow(
      /\(NoSuchKey\) when calling the GetObject operation: The specified key does not exist\./,
    );
    await expect(aws(['s3api', 'head-object', '--bucket', bucket, '--key', 'absent'])).rejects.toThrow(
      /\(404\).*Not Found/,
    );
    await expect(aws(['iam', 'create-group', '--group-name', 'g'])).rejects.toThrow(/NotImplemented/);
  });

  it('a method', async () => {
    const answer = await call({ method: 'PATCH', path: `/${bucket}/k` });
    expect(said(answer)).toBe('405 MethodNotAllowed');
    expect(answer.error).toMatchObject({
      Message: 'The specified method is not allowed against this resource.',
      Method: 'PATCH',
    });
  });
});
