import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export type Mode = 'embedded' | 'stack';

/** Where everything lies in a data folder. */
export interface Layout {
  readonly root: string;
  /** What made the folder, and in which mode. */
  readonly facts: string;
  readonly lock: string;
  readonly socket: string;
  readonly postgres: string;
  readonly blobs: string;
  readonly rootKey: string;
  readonly tls: string;
  readonly spool: string;
  readonly logs: string;
  /** Native stack only: passwords, process ids, the bus and the blob tier. */
  readonly secrets: string;
  readonly run: string;
  readonly nats: string;
  readonly minio: string;
}

export function layoutOf(folder: string): Layout {
  const root = resolve(folder);
  return {
    root,
    facts: join(root, 'coffer.json'),
    lock: join(root, 'coffer.lock'),
    socket: join(root, 'coffer.sock'),
    postgres: join(root, 'postgres'),
    blobs: join(root, 'blobs'),
    rootKey: join(root, 'keys', 'root.key'),
    tls: join(root, 'tls'),
    spool: join(root, 'spool'),
    logs: join(root, 'logs'),
    secrets: join(root, 'secrets'),
    run: join(root, 'run'),
    nats: join(root, 'nats'),
    minio: join(root, 'minio'),
  };
}

/** `$XDG_DATA_HOME/coffer` or `~/.local/share/coffer`; the native stack has a folder of its own beside it. */
export function defaultDataFolder(mode: Mode, env: NodeJS.ProcessEnv = process.env): string {
  const base = env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share');
  return join(base, mode === 'stack' ? 'coffer-stack' : 'coffer');
}
