import { createHash } from 'node:crypto';
import { fileBlobStore } from '@coffer/blob-store';

/** What the writer of blobs has said so far. */
export interface Said {
  /** SHA-256 in hexadecimal of every blob whose writing was begun. */
  readonly begun: Map<string, string>;
  /** Blobs that were acknowledged and whose removal was not begun. */
  readonly kept: Set<string>;
}

export function listen(said: Said, text: string): void {
  for (const line of text.split('\n')) {
    const [what, id, hash] = line.split(' ');
    if (what === 'begin') said.begun.set(id!, hash!);
    if (what === 'put') said.kept.add(id!);
    if (what === 'delete') said.kept.delete(id!);
  }
}

/** Opens the store on what is left and names everything that is missing or not whole. */
export async function checkBlobsLeft(folder: string, said: Said): Promise<string[]> {
  const problems: string[] = [];
  const store = await fileBlobStore({ folder });
  const listed = new Set((await store.list({ limit: 1000 })).map(({ id }) => id));
  for (const id of said.kept) if (!listed.has(id)) problems.push(`${id} was acknowledged and is gone`);
  for (const id of listed) {
    const hash = createHash('sha256');
    for await (const chunk of await store.get(id)) hash.update(chunk as Buffer);
    if (hash.digest('hex') !== said.begun.get(id)) problems.push(`${id} is visible and not whole`);
  }
  await store.close();
  return problems;
}
