import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * Something that a process did to the file system; `time` is when the call returned, in seconds since 1970. Paths are
 * absolute.
 */
export type DiskEvent = { readonly time: number } & (
  | { readonly kind: 'create'; readonly path: string; readonly truncated: boolean }
  | { readonly kind: 'write'; readonly path: string; readonly offset: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'allocate'; readonly path: string; readonly size: number }
  | { readonly kind: 'sync'; readonly path: string }
  | { readonly kind: 'mkdir' | 'remove'; readonly path: string }
  | { readonly kind: 'rename' | 'link'; readonly from: string; readonly to: string }
  | { readonly kind: 'said'; readonly text: string }
);

/** What strace is told to log. Others change no file, or are not used by Node and Postgres. */
export const TRACED =
  'open,openat,creat,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,fsync,fdatasync,' +
  'rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,copy_file_range,sendfile';

/** The options of strace that `readTrace` understands, for a log of these calls in `file`. */
export function straceOptions(file: string): string[] {
  return [
    '-f',
    '--seccomp-bpf',
    '-ttt',
    '-T',
    '-y',
    '-xx',
    '-s',
    '33554432',
    '-qq',
    '-o',
    file,
    '-e',
    `trace=${TRACED}`,
  ];
}

const STRING = String.raw`"((?:\\x[0-9a-f]{2})*)"`;
const FD = String.raw`(\d+)<((?:\\x[0-9a-f]{2})*)>(\(deleted\))?`;
const AT = String.raw`(?:AT_FDCWD|\d+)<((?:\\x[0-9a-f]{2})*)>, `;

// strace pads process ids to five places.
const LINE = /^(\d+) +(\d+\.\d+) (.*)$/s;
const CALL = /^(\w+)\((.*)\)\s+= (-?\d+).*?(?: <(\d+\.\d+)>)?$/s;
const OPEN = new RegExp(`^(?:${AT})?${STRING}, ([A-Z_|0-9]+)`);
const OPENED = new RegExp(String.raw`\)\s+= ${FD}`);
const WITH_FD = new RegExp(`^${FD}(?:, (.*))?$`, 's');
const ONE_PATH = new RegExp(`^(?:${AT})?${STRING}`);
const TWO_PATHS = new RegExp(`^(?:${AT})?${STRING}, (?:${AT})?${STRING}`);
const IOV = /iov_base="((?:\\x[0-9a-f]{2})*)"/g;

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex');
}

const text = (hex: string) => bytes(hex).toString('utf8');

/** An open file's position, for writes that name none. Threads of a process share it, so the number and path say which. */
class Positions {
  readonly #next = new Map<string, number | 'append'>();

  opened(fd: string, path: string, append: boolean): void {
    this.#next.set(`${fd} ${path}`, append ? 'append' : 0);
  }

  /** Where a write of `length` bytes went, and moves on; -1 stands for the end of the file. */
  advance(fd: string, path: string, length: number): number {
    const id = `${fd} ${path}`;
    const at = this.#next.get(id) ?? 'append';
    if (at === 'append') return -1;
    this.#next.set(id, at + length);
    return at;
  }
}

/** Turns strace's lines into events. One reader for a whole log: what was begun in one line may end in another. */
export class TraceReader {
  readonly #begun = new Map<string, string>();
  readonly #positions = new Positions();
  private readonly workingFolder: string;

  /** @param workingFolder what relative paths are relative to, where strace does not say it */
  constructor(workingFolder: string) {
    this.workingFolder = workingFolder;
  }

  line(line: string): DiskEvent | undefined {
    const parts = LINE.exec(line);
    if (!parts) return undefined;
    const [, pid, time, said] = parts as unknown as [string, string, string, string];
    let call = said;
    if (call.endsWith(' <unfinished ...>')) {
      this.#begun.set(pid, call.slice(0, -' <unfinished ...>'.length));
      return undefined;
    }
    const resumed = /^<\.\.\. \w+ resumed>/.exec(call);
    if (resumed) {
      call = (this.#begun.get(pid) ?? '') + call.slice(resumed[0].length);
      this.#begun.delete(pid);
    }
    const match = CALL.exec(call);
    if (!match) return undefined;
    const [, name, args, result, took] = match as unknown as [string, string, string, string, string | undefined];
    if (Number(result) < 0) return undefined;
    // A line that was written whole names the time of the call, one that was resumed that of its return.
    const returned = Number(time) + (resumed ? 0 : Number(took ?? 0));
    return this.#event(returned, name, args, Number(result), call);
  }

  #event(time: number, name: string, args: string, result: number, call: string): DiskEvent | undefined {
    if (name === 'open' || name === 'openat' || name === 'creat') return this.#open(time, args, call);
    if (name === 'mkdir' || name === 'mkdirat') return { time, kind: 'mkdir', path: this.#one(args) };
    if (name === 'unlink' || name === 'unlinkat' || name === 'rmdir')
      return { time, kind: 'remove', path: this.#one(args) };
    if (name.startsWith('rename')) return { time, kind: 'rename', ...this.#two(args) };
    if (name.startsWith('link')) return { time, kind: 'link', ...this.#two(args) };
    const [, fd, hexPath, deleted, rest = ''] = WITH_FD.exec(args) ?? [];
    if (fd === undefined || hexPath === undefined || deleted !== undefined) return undefined;
    const path = text(hexPath);
    if (name === 'fsync' || name === 'fdatasync') return { time, kind: 'sync', path };
    if (name === 'ftruncate') return { time, kind: 'truncate', path, size: Number(rest) };
    if (name === 'fallocate') {
      const [mode, offset, length] = rest.split(', ').map(Number) as [number, number, number];
      if (mode !== 0) throw new Error(`fallocate with mode ${mode} is not understood`);
      return { time, kind: 'allocate', path, size: offset + length };
    }
    if (name === 'copy_file_range' || name === 'sendfile') return this.#unknownCopy(name, path);
    return this.#write(time, name, fd, path, rest, result);
  }

  #open(time: number, args: string, call: string): DiskEvent | undefined {
    const [, , , flags] = OPEN.exec(args) ?? [];
    const [, fd, hexPath] = OPENED.exec(call) ?? [];
    if (fd === undefined || hexPath === undefined) return undefined;
    const path = text(hexPath);
    const has = (flag: string) => flags?.split('|').includes(flag) === true;
    if (has('O_DSYNC') || has('O_SYNC')) throw new Error(`${path} is opened for synchronous writes, not understood`);
    this.#positions.opened(fd, path, has('O_APPEND'));
    return has('O_CREAT') || has('O_TRUNC') ? { time, kind: 'create', path, truncated: has('O_TRUNC') } : undefined;
  }

  #write(time: number, name: string, fd: string, path: string, rest: string, written: number): DiskEvent | undefined {
    const vectored = name.includes('v');
    const content = vectored
      ? Buffer.concat([...rest.matchAll(IOV)].map(([, hex]) => bytes(hex!)))
      : bytes(/^"((?:\\x[0-9a-f]{2})*)"/.exec(rest)?.[1] ?? '');
    const data = content.subarray(0, written);
    if (data.length !== written && path.startsWith('/')) throw new Error(`the log lacks bytes of a write to ${path}`);
    if (fd === '1') return { time, kind: 'said', text: data.toString('utf8') };
    if (!path.startsWith('/')) return undefined;
    // pwrite64(fd, data, length, offset), pwritev(fd, vector, count, offset), pwritev2(…, offset, flags)
    const last = rest.slice(rest.lastIndexOf(vectored ? ']' : '"') + 1).split(', ');
    const offset = name.startsWith('p') ? Number(last[2]) : this.#positions.advance(fd, path, written);
    return { time, kind: 'write', path, offset, data };
  }

  #unknownCopy(name: string, path: string): undefined {
    if (path.startsWith('/')) throw new Error(`${name} of ${path} is not understood`);
    return undefined;
  }

  #absolute(folder: string | undefined, path: string): string {
    return resolve(folder === undefined ? this.workingFolder : text(folder), text(path));
  }

  #one(args: string): string {
    const [, folder, path] = ONE_PATH.exec(args) ?? [];
    return this.#absolute(folder, path ?? '');
  }

  #two(args: string): { from: string; to: string } {
    const [, fromFolder, from, toFolder, to] = TWO_PATHS.exec(args) ?? [];
    return { from: this.#absolute(fromFolder, from ?? ''), to: this.#absolute(toFolder, to ?? '') };
  }
}

/** The events of a log, in the order in which the calls returned. */
export async function* readTrace(file: string, workingFolder: string): AsyncGenerator<DiskEvent> {
  const reader = new TraceReader(workingFolder);
  for await (const line of createInterface({ input: createReadStream(file, 'latin1') })) {
    const event = reader.line(line);
    if (event) yield event;
  }
}
