import { randomBytes } from 'node:crypto';
import type { CreateBucketCommandInput, S3Client } from '@aws-sdk/client-s3';
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectsCommand,
  DeletePublicAccessBlockCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { afterAll } from 'vitest';
import { s3 } from './clients.ts';

/** A bucket name that nobody used. */
export function bucketName(purpose = 'b'): string {
  return `e2e-${purpose}-${randomBytes(6).toString('hex')}`;
}

/** Deletes every version, delete marker and upload, then the bucket. */
export async function removeBucket(bucket: string, client: S3Client = s3()): Promise<void> {
  await client.send(new DeleteBucketPolicyCommand({ Bucket: bucket }));
  for (;;) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    const all = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    if (all.length === 0) break;
    await client.send(
      new DeleteObjectsCommand({
        Bucket: bucket,
        Delete: { Quiet: true, Objects: all.map(({ Key, VersionId }) => ({ Key: Key!, VersionId })) },
      }),
    );
  }
  const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  for (const { Key, UploadId } of uploads.Uploads ?? []) {
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
  }
  await client.send(new DeleteBucketCommand({ Bucket: bucket }));
}

const made: { bucket: string; client: S3Client }[] = [];

/** Makes a bucket for the tests of this file; it is removed after them. */
export async function newBucket(
  options: Omit<CreateBucketCommandInput, 'Bucket'> & {
    name?: string;
    purpose?: string;
    client?: S3Client;
    versioning?: 'Enabled' | 'Suspended';
    /** Takes away the public access block that a new bucket has. */
    open?: boolean;
  } = {},
): Promise<string> {
  const { name, purpose, client = s3(), versioning, open, ...input } = options;
  const bucket = name ?? bucketName(purpose);
  await client.send(new CreateBucketCommand({ ...input, Bucket: bucket }));
  made.push({ bucket, client });
  if (versioning) {
    await client.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: versioning } }),
    );
  }
  if (open) await client.send(new DeletePublicAccessBlockCommand({ Bucket: bucket }));
  return bucket;
}

/** Remembers a bucket that a test made by other means, so that it is removed. */
export function cleanUp(bucket: string, client: S3Client = s3()): string {
  made.push({ bucket, client });
  return bucket;
}

export async function blockPublicAccess(bucket: string, on: boolean, client: S3Client = s3()): Promise<void> {
  await client.send(
    new PutPublicAccessBlockCommand({
      Bucket: bucket,
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: on,
        IgnorePublicAcls: on,
        BlockPublicPolicy: on,
        RestrictPublicBuckets: on,
      },
    }),
  );
}

afterAll(async () => {
  for (const { bucket, client } of made.splice(0)) {
    await removeBucket(bucket, client).catch((error: Error) => {
      if (error.name !== 'NoSuchBucket') console.warn(`${bucket} was not removed: ${error.name} ${error.message}`);
    });
  }
});
