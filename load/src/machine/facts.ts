import { execFile } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findBinary } from '@coffer/testing';
import { median } from '../measure/statistics.ts';
import { workspace } from '../paths.ts';

const run = promisify(execFile);

async function firstLine(command: string | undefined, ...args: string[]): Promise<string> {
  if (command === undefined) return 'absent';
  try {
    const { stdout } = await run(command, args, { cwd: workspace });
    return stdout.split('\n')[0]!.trim();
  } catch {
    return 'not told';
  }
}

/** Milliseconds that a write of 4 KiB and its way to the disk take in this folder, in the middle of a hundred. */
function flushMs(folder: string): number {
  const file = join(folder, 'flush-probe');
  const fd = openSync(file, 'w');
  const page = Buffer.alloc(4096, 1);
  try {
    return median(
      Array.from({ length: 100 }, (_, n) => {
        const began = performance.now();
        writeSync(fd, page, 0, page.length, n * page.length);
        fdatasyncSync(fd);
        return performance.now() - began;
      }),
    );
  } finally {
    closeSync(fd);
    rmSync(file);
  }
}

const TMPFS = 0x01021994;

/**
 * What a reader has to know of the machine and the programs, a line each.
 * @throws Error when the folder lies in memory: there nothing has to wait for a disk
 */
export async function machineFacts(folder: string): Promise<string[]> {
  const { type } = await statfs(folder);
  if (type === TMPFS)
    throw new Error(`${folder} lies in memory, where nobody waits for a disk: name another by --folder`);
  const load = readFileSync('/proc/loadavg', 'latin1').split(' ').slice(0, 3).join(' ');
  const status = await run('git', ['status', '--porcelain', '--untracked-files=no'], { cwd: workspace }).catch(
    () => undefined,
  );
  const changed = status === undefined || status.stdout === '' ? '' : ', with changes';
  return [
    `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${(totalmem() / 1024 ** 3).toFixed(0)} GiB, Linux ${release()}; load average at the start ${load}`,
    `a write of 4 KiB is on the disk after ${flushMs(folder).toFixed(2)} ms (file system type ${type.toString(16)})`,
    `Coffer ${await firstLine('git', 'rev-parse', '--short', 'HEAD')}${changed}, Node ${process.version}`,
    await firstLine(findBinary('minio'), '--version'),
    await firstLine(findBinary('nats-server'), '--version'),
    await firstLine('go', 'version'),
  ];
}
