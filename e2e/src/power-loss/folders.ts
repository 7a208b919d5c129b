import {
  chmodSync,
  chownSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { FileNode, FolderNode } from './disk.ts';
import type { Disk } from './disk.ts';

/** Takes what lies in `folder` (an unchanging copy) for durable: the state of the disk when the log begins. */
export function beginWith(disk: Disk, folder: string): void {
  fill(disk.root, folder);
}

function fill(node: FolderNode, folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const facts = lstatSync(path);
    if (facts.isDirectory()) {
      const inner = new FolderNode(facts.mode & 0o777);
      node.now.set(name, inner);
      fill(inner, path);
    } else if (facts.isFile()) node.now.set(name, new FileNode({ path, size: facts.size }));
  }
  node.durable = new Map(node.now);
}

/**
 * Which names are left: `synced` only those of synced folders; `all` those that were there, as a file system does that
 * writes names before contents.
 */
export type Names = 'synced' | 'all';

/** Makes the folder as a loss of power at this moment would leave it. New files belong to their folder's owner. */
export function makeAsLeft(disk: Disk, names: Names, folder: string, like?: string): void {
  mkdirSync(folder, { recursive: true });
  make(disk.root, names, folder, like);
}

function make(node: FolderNode, names: Names, folder: string, like: string | undefined): void {
  const { uid, gid, mode: permission } = statSync(like ?? folder);
  if (like !== undefined) {
    chownSync(folder, uid, gid);
    chmodSync(folder, permission & 0o777);
  }
  for (const [name, entry] of names === 'synced' ? node.durable : node.now) {
    const path = join(folder, name);
    if (entry.kind === 'folder') {
      mkdirSync(path);
      chmodSync(path, entry.mode);
      const inner = like === undefined ? undefined : join(like, name);
      const known = inner !== undefined && statSync(inner, { throwIfNoEntry: false })?.isDirectory() === true;
      make(entry, names, path, known ? inner : like);
    } else {
      if (entry.untouched !== undefined) copyFileSync(entry.untouched, path);
      else writeFileSync(path, entry.durable);
      const mode = entry.untouched === undefined ? 0o600 : statSync(entry.untouched).mode & 0o777;
      chmodSync(path, mode);
      chownSync(path, uid, gid);
    }
  }
}
