import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { s3 } from '../harness/clients.ts';
import { bytes, MiB } from '../harness/data.ts';
import { collect, pseudoRandomFile } from '../harness/trees.ts';

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
 * Makes every file an hour old. The time of an object has no fractions of a second, so that a file made in the second of
 * its upload looks newer than its object.
 */
async function age(folder: string): Promise<void> {
  const then = new Date(Date.now() - 3_600_000);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), then, then);
}

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
  await age(folder);
  return realFiles + ODD_NAMES.length + 2;
}

/** The bytes of an object, by a client that is not the one under test. */
export async function stored(bucket: string, key: string): Promise<Buffer> {
  const { Body } = await s3().send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return Buffer.from(await Body!.transformToByteArray());
}
