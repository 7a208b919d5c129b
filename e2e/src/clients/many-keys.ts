import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { StackFacts } from '../harness/stack-facts.ts';

/** How many keys the bucket has: more than one page of a listing. */
export const MANY = 1_100;

/** A bucket that all clients of a run list, and none changes. */
export const MANY_BUCKET = 'clients-many-keys';

/** The key with this number; in order. */
export const manyKey = (n: number) => `many/${String(n).padStart(5, '0')}`;

/** Fills the bucket, once for a stack. */
export async function putManyKeys({ endpoint, region, accessKeyId, secretAccessKey }: StackFacts): Promise<void> {
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: MANY_BUCKET }));
  const numbers = Array.from({ length: MANY }, (_, n) => n).values();
  const worker = async () => {
    for (const n of numbers)
      await client.send(new PutObjectCommand({ Bucket: MANY_BUCKET, Key: manyKey(n), Body: `${n}` }));
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  client.destroy();
}
