import { readFileSync } from 'node:fs';
import { basename, dirname, relative, sep } from 'node:path';
import type { DiskEvent } from './trace.ts';

/** A file: what is certainly on the platter, and what was written since and may be lost. */
export class FileNode {
  readonly kind = 'file';
  #durable: Buffer | undefined;
  #size = 0;
  #unsynced: { offset: number; data?: Buffer; size?: number }[] = [];
  /** Where the file was before the log began, when it has not been changed since. */
  readonly #before: string | undefined;
  #length: number;

  constructor(before?: { path: string; size: number }) {
    this.#before = before?.path;
    this.#length = before?.size ?? 0;
    this.#size = this.#length;
  }

  /** The file to copy, for one whose durable content is still that from before the log. */
  get untouched(): string | undefined {
    return this.#durable === undefined ? this.#before : undefined;
  }

  /** @param offset -1 for the end of the file */
  write(offset: number, data: Buffer): void {
    const at = offset < 0 ? this.#length : offset;
    this.#unsynced.push({ offset: at, data });
    this.#length = Math.max(this.#length, at + data.length);
  }

  resize(size: number): void {
    this.#unsynced.push({ offset: 0, size });
    this.#length = size;
  }

  /** Grows and never shrinks, as fallocate does. */
  grow(size: number): void {
    if (size > this.#length) this.resize(size);
  }

  sync(): void {
    for (const { offset, data, size } of this.#unsynced) {
      if (data) {
        this.#reserve(offset + data.length);
        data.copy(this.#durable!, offset);
        this.#size = Math.max(this.#size, offset + data.length);
      } else if (size !== undefined) {
        this.#reserve(size);
        if (size < this.#size) this.#durable!.fill(0, size, this.#size);
        this.#size = size;
      }
    }
    this.#unsynced = [];
  }

  get durable(): Buffer {
    this.#reserve(this.#size);
    return this.#durable!.subarray(0, this.#size);
  }

  #reserve(size: number): void {
    if (this.#durable === undefined) {
      const content = this.#before === undefined ? Buffer.alloc(0) : readFileSync(this.#before);
      this.#durable = Buffer.alloc(Math.max(size, content.length));
      content.copy(this.#durable);
    } else if (this.#durable.length < size) {
      const larger = Buffer.alloc(Math.max(size, this.#durable.length * 2));
      this.#durable.copy(larger);
      this.#durable = larger;
    }
  }
}

/** A folder: the names that are certainly in it, and those that are in it now. */
export class FolderNode {
  readonly kind = 'folder';
  readonly now = new Map<string, DiskNode>();
  durable = new Map<string, DiskNode>();

  /** @param mode of permission, for the folder made after a loss of power */
  constructor(readonly mode = 0o700) {}
}

export type DiskNode = FileNode | FolderNode;

export interface DiskOptions {
  /** The folder that is watched; everything outside of it is ignored. */
  readonly folder: string;
  /**
   * Below these folders, syncing a new file keeps its name too, as ext4, XFS and btrfs do. Postgres relies on it for
   * the files of tables; Coffer's own files must do without.
   */
  readonly namesFollowFiles?: readonly string[];
}

/**
 * What a disk holds after a loss of power: content since the last sync of its file is gone, and so are names since the
 * last sync of their folder. POSIX promises no more.
 */
export class Disk {
  readonly root = new FolderNode();
  readonly #options: DiskOptions;
  /** Grows whenever what would be left after a loss of power may have changed. */
  changes = 0;

  constructor(options: DiskOptions) {
    this.#options = options;
  }

  apply(event: DiskEvent): void {
    switch (event.kind) {
      case 'said':
        return;
      case 'create':
        return this.#create(event.path, event.truncated);
      case 'write':
        return this.#file(event.path)?.write(event.offset, event.data);
      case 'truncate':
        return this.#file(event.path)?.resize(event.size);
      case 'allocate':
        return this.#file(event.path)?.grow(event.size);
      case 'sync':
        return this.#sync(event.path);
      case 'mkdir':
        return this.#put(event.path, new FolderNode());
      case 'remove':
        return this.#remove(event.path);
      case 'rename': {
        const node = this.#node(event.from);
        this.#remove(event.from);
        return node && this.#put(event.to, node);
      }
      case 'link': {
        const node = this.#node(event.from);
        return node && this.#put(event.to, node);
      }
    }
  }

  #steps(path: string): string[] | undefined {
    const steps = relative(this.#options.folder, path);
    if (steps === '') return [];
    return steps.startsWith('..') ? undefined : steps.split(sep);
  }

  #node(path: string): DiskNode | undefined {
    const steps = this.#steps(path);
    if (!steps) return undefined;
    let node: DiskNode | undefined = this.root;
    for (const step of steps) node = node?.kind === 'folder' ? node.now.get(step) : undefined;
    return node;
  }

  #parent(path: string): FolderNode | undefined {
    if (this.#steps(path) === undefined) return undefined;
    const node = this.#node(dirname(path));
    return node?.kind === 'folder' ? node : undefined;
  }

  #file(path: string): FileNode | undefined {
    const node = this.#node(path);
    return node?.kind === 'file' ? node : undefined;
  }

  #create(path: string, truncated: boolean): void {
    const existing = this.#node(path);
    if (!existing) this.#put(path, new FileNode());
    else if (truncated && existing.kind === 'file') existing.resize(0);
  }

  #put(path: string, node: DiskNode): void {
    this.#parent(path)?.now.set(basename(path), node);
    this.changes += 1;
  }

  #remove(path: string): void {
    this.#parent(path)?.now.delete(basename(path));
    this.changes += 1;
  }

  #sync(path: string): void {
    const node = this.#node(path);
    if (!node) return;
    this.changes += 1;
    if (node.kind === 'folder') node.durable = new Map(node.now);
    else {
      node.sync();
      const follows = this.#options.namesFollowFiles?.some((folder) => path.startsWith(`${folder}${sep}`));
      if (follows) this.#parent(path)?.durable.set(basename(path), node);
    }
  }
}
