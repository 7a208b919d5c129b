import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { s3 } from '../harness/clients.ts';
import { bytes, MiB } from '../harness/data.ts';
import { collect, pseudoRandomFile } from '../harness/trees.ts';
import { resolvable } from './host-names.ts';

/** Names that a client has to encode, as path and as key. */
export const ODD_NAMES: readonly string[] = [
  'a space.txt',
  'plus+and=equals&ampersand.txt',
  'ünïcode/日本語 😀.txt',
  "quo'te (1) [2] {3}.txt",
  'percent %41 %.txt',
  'semi;colon,comma~tilde!.txt',
  'deep/er/and/deeper still/file',
];

/** Size of the large file of a sample: four parts of 5 MiB and a rest. */
export const LARGE = 21 * MiB + 17;

/**
 * A folder as people have one: real files, odd names, an empty file, and one that goes up in parts.
 * @returns how many files it holds
 */
export async function sampleTree(folder: string, realFiles = 60): Promise<number> {
  await mkdir(folder, { recursive: true });
  await collect(join(folder, 'real'), realFiles);
  for (const name of ODD_NAMES) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes(1_000));
  }
  await writeFile(join(folder, 'empty'), '');
  await pseudoRandomFile(join(folder, 'large.bin'), LARGE);
  return realFiles + ODD_NAMES.length + 2;
}

/** The bytes of an object, by a client that is not the one under test. */
export async function stored(bucket: string, key: string): Promise<Buffer> {
  const { Body } = await s3().send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return Buffer.from(await Body!.transformToByteArray());
}

/** How many keys `manyKeys` has: more than one page of a listing. */
export const MANY = 1_100;
const MANY_BUCKET = 'clients-many-keys';

/** The key with this number among those of `manyKeys`. */
export const manyKey = (n: number) => `many/${String(n).padStart(5, '0')}`;

/** A bucket with more keys than one page of a listing shows, made once for all clients of the run. */
export async function manyKeys(): Promise<string> {
  const client = s3();
  await client.send(new CreateBucketCommand({ Bucket: MANY_BUCKET }));
  // The last key is written last: when it is there, all are.
  const last = await client.send(new ListObjectsV2Command({ Bucket: MANY_BUCKET, Prefix: manyKey(MANY - 1) }));
  if (last.KeyCount === 0) {
    const numbers = Array.from({ length: MANY - 1 }, (_, n) => n).values();
    const put = async (n: number) =>
      await client.send(new PutObjectCommand({ Bucket: MANY_BUCKET, Key: manyKey(n), Body: `${n}` }));
    const worker = async () => {
      for (const n of numbers) await put(n);
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    await put(MANY - 1);
  }
  return resolvable(MANY_BUCKET);
}
