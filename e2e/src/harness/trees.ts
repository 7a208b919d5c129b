import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { MiB } from './data.ts';
import { workspace } from './paths.ts';

/** Real files: this workspace's dependencies. */
async function* files(folder: string): AsyncGenerator<string> {
  for (const entry of (await readdir(folder, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !entry.name.startsWith('.')) yield* files(path);
    else if (entry.isFile() && (await stat(path)).size <= MiB) yield path;
  }
}

/** Copies so many real files of up to 1 MiB into a folder, with their paths. */
export async function collect(into: string, count: number): Promise<void> {
  const source = join(workspace, 'node_modules');
  let n = 0;
  for await (const path of files(source)) {
    const target = join(into, relative(source, path));
    await mkdir(dirname(target), { recursive: true });
    await copyFile(path, target);
    n += 1;
    if (n === count) return;
  }
  throw new Error(`node_modules has ${n} files, not ${count}`);
}

/** Path → SHA-256 of every file below a folder. */
export async function hashes(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found.set(relative(folder, path), await hash(path));
  }
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** SHA-256 of a file, in hexadecimal. */
export async function hash(path: string): Promise<string> {
  const digest = createHash('sha256');
  await pipeline(createReadStream(path), digest);
  return digest.digest('hex');
}

/** Bytes that no store can compress or guess, as fast as the disk takes them. */
export async function pseudoRandomFile(path: string, size: number): Promise<void> {
  function* zeros() {
    for (let left = size; left > 0; left -= MiB) yield Buffer.alloc(Math.min(MiB, left));
  }
  await pipeline(zeros, createCipheriv('aes-128-ctr', randomBytes(16), randomBytes(16)), createWriteStream(path));
}
