import { execFile } from 'node:child_process';
import { cp, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SIZE_MIB = 384;

/** A small file system in memory under the folder of the blob tier, that can be filled up. Needs root, and Linux. */
export class Disk {
  private constructor(
    private readonly whole: string,
    private readonly folder: string,
  ) {}

  /**
   * @param whole where the file system goes
   * @param folder what shall lie on it, with what it holds
   * @returns why it cannot be had, where mounting is refused
   */
  static async mount(whole: string, folder: string): Promise<Disk | string> {
    await mkdir(whole, { recursive: true });
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'coffer-faults', whole]);
    } catch (error) {
      return `mount: ${(error as Error).message.trim().split('\n').at(-1)}`;
    }
    const disk = new Disk(whole, folder);
    // The filler lies beside the folder: a server that lists its disk does not meet it.
    await cp(folder, join(whole, 'data'), { recursive: true, preserveTimestamps: true });
    try {
      await run('mount', ['--bind', join(whole, 'data'), folder]);
    } catch (error) {
      await run('umount', ['-l', whole]);
      return `mount: ${(error as Error).message.trim().split('\n').at(-1)}`;
    }
    return disk;
  }

  get #filler(): string {
    return join(this.whole, 'filler');
  }

  /** Takes all room that is left. */
  async fill(): Promise<void> {
    const file = await open(this.#filler, 'w');
    try {
      for (const block of [1024 ** 2, 4096]) await writeUntilFull(file, Buffer.alloc(block, 1));
    } finally {
      await file.close();
    }
  }

  async free(): Promise<void> {
    await rm(this.#filler, { force: true });
  }

  /** MinIO keeps what was deleted for minutes, which is more than there is room for. */
  async emptyTrash(): Promise<void> {
    const trash = join(this.whole, 'data', '.minio.sys', 'tmp', '.trash');
    const entries = await readdir(trash).catch(() => []);
    await Promise.all(entries.map((name) => rm(join(trash, name), { recursive: true, force: true })));
  }

  /** What is still open there goes with its process. */
  async unmount(): Promise<void> {
    await run('umount', ['-l', this.folder]);
    await run('umount', ['-l', this.whole]);
  }
}

async function writeUntilFull(file: { write(data: Buffer): Promise<{ bytesWritten: number }> }, block: Buffer) {
  for (;;) {
    try {
      if ((await file.write(block)).bytesWritten < block.length) return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return;
      throw error;
    }
  }
}
