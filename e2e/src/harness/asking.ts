import type { S3Client } from '@aws-sdk/client-s3';
import { GetObjectCommand, ListObjectsV2Command, PutBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll } from 'vitest';
import { newBucket } from './buckets.ts';
import { s3 } from './clients.ts';

/** Makes a bucket with an object `k` (`x`) before a suite; what it returns asks for things in it as somebody. */
export function bucketToAskFor() {
  let bucket: string;
  const put = (who: S3Client, Key = 'by-other') => who.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }));
  beforeAll(async () => {
    bucket = await newBucket({ purpose: 'acct' });
    await put(s3(), 'k');
  });
  return {
    put,
    get: (who: S3Client, Key = 'k') => who.send(new GetObjectCommand({ Bucket: bucket, Key })),
    list: (who: S3Client) => who.send(new ListObjectsV2Command({ Bucket: bucket })),
    /** Puts a bucket policy of these statements, in the owner's name. */
    policy: (...Statement: object[]) =>
      s3().send(
        new PutBucketPolicyCommand({ Bucket: bucket, Policy: JSON.stringify({ Version: '2012-10-17', Statement }) }),
      ),
    bucketName: () => bucket,
    /** ARN of the bucket. */
    itself: () => `arn:aws:s3:::${bucket}`,
    /** ARN pattern of its objects. */
    objects: () => `arn:aws:s3:::${bucket}/*`,
  };
}
