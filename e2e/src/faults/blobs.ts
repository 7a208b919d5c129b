import { existsSync, type Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isBlobId } from '@coffer/blob-store';
import { asAdministrator } from './database.ts';

/**
 * The ids of all blobs on disk: files of the embedded store, or objects of MinIO. Those are folders with an `xl.meta`,
 * named by the rest of the id below a folder that is named by its hour.
 */
export async function blobsOnDisk(dataFolder: string, mode: 'embedded' | 'native'): Promise<Set<string>> {
  const root = join(dataFolder, mode === 'embedded' ? 'blobs/blobs' : 'minio');
  const entries = await filesBelow(root);
  const ids = entries.flatMap((entry) => {
    if (!entry.isFile()) return [];
    if (mode === 'embedded') return [entry.name];
    return entry.name === 'xl.meta' && !entry.parentPath.includes('.minio.sys') ? [minioId(entry.parentPath)] : [];
  });
  const strange = ids.filter((id) => !isBlobId(id));
  if (strange.length > 0) throw new Error(`not the name of a blob: ${strange[0]}`);
  return new Set(ids);
}

/** MinIO may remove a folder while it is being read; then all is read once more. */
async function filesBelow(root: string): Promise<Dirent[]> {
  for (;;) {
    try {
      return await readdir(root, { recursive: true, withFileTypes: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !existsSync(root)) throw error;
    }
  }
}

function minioId(folder: string): string {
  return `${basename(dirname(folder))}-${basename(folder)}`;
}

/** The ids that versions, their parts and the parts of open uploads refer to. */
export async function blobsInUse(dataFolder: string): Promise<Set<string>> {
  return await asAdministrator(dataFolder, async (client) => {
    const { rows } = await client.query<{ blob_id: string }>(
      ['versions', 'version_parts', 'upload_parts']
        .map((table) => `SELECT blob_id FROM objects.${table} WHERE blob_id IS NOT NULL AND body IS NULL`)
        .join(' UNION '),
    );
    return new Set(rows.map((row) => row.blob_id));
  });
}

export function checkBlobs(onDisk: ReadonlySet<string>, inUse: ReadonlySet<string>): string[] {
  return [
    ...[...onDisk].filter((id) => !inUse.has(id)).map((id) => `blob ${id} belongs to nothing and was not collected`),
    ...[...inUse].filter((id) => !onDisk.has(id)).map((id) => `blob ${id} is in use and not there`),
  ];
}

/** Checks the blobs, waiting for the collector. Only while nobody writes. */
export async function checkBlobsWithin(
  dataFolder: string,
  mode: 'embedded' | 'native',
  withinMs: number,
): Promise<string[]> {
  for (const until = Date.now() + withinMs; ; await pause(500)) {
    const problems = checkBlobs(await blobsOnDisk(dataFolder, mode), await blobsInUse(dataFolder));
    if (problems.length === 0 || Date.now() > until) return problems;
  }
}

/** The path of a blob in the embedded store. */
export function blobFile(dataFolder: string, id: string): string {
  return join(dataFolder, 'blobs', 'blobs', id.slice(0, 10), id.slice(11, 12), id);
}
