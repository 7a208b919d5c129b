import { ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { newBucket } from './buckets.ts';
import { s3 } from './clients.ts';
import { call } from './sign.ts';
import type { Wire } from './wire.ts';

/** Status and error code of an answer: `404 NoSuchKey`. */
export const said = ({ status, error }: Wire) => `${status} ${error['Code']}`;

/** A bucket for requests that fail, with an object `k` whose bytes are `x`. */
export async function bucketWithK(): Promise<string> {
  const bucket = await newBucket({ purpose: 'err' });
  await s3().send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x' }));
  return bucket;
}

/** No object and no version of a key, nor of one that begins so, is there. */
export async function expectAbsent(bucket: string, key: string): Promise<void> {
  expect((await call({ method: 'HEAD', path: `/${bucket}/${key}` })).status, `${key} must not exist`).toBe(404);
  const { Versions } = await s3().send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }));
  expect(Versions).toBeUndefined();
}
