import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import { dataArgument, exited, spawnInCluster } from './process.ts';

/** What lies where in the folder of an embedded Postgres. */
export interface Layout {
  folder: string;
  /** Postgres's own data directory; all that its account owns. */
  cluster: string;
  /** Password of the administrator, 0600. */
  secret: string;
  log: string;
}

export function layoutOf(folder: string): Layout {
  return {
    folder,
    cluster: join(folder, 'cluster'),
    secret: join(folder, 'postgres.secret'),
    log: join(folder, 'postgres.log'),
  };
}

export const ADMIN = 'postgres';

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** initdb reads the password from an inherited descriptor where its account could not reach the file by its path. */
async function initdb(
  binaries: Binaries,
  cluster: string,
  password: string,
  account: Account | undefined,
): Promise<void> {
  const passwordFile = `${cluster}.password`;
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account) await chown(passwordFile, account.uid, account.gid);
  const handle = await open(passwordFile, 'r');
  try {
    const byDescriptor = account !== undefined && process.platform === 'linux';
    const child = spawnInCluster(
      binaries.initdb,
      [
        `--pgdata=${dataArgument(cluster, account)}`,
        `--username=${ADMIN}`,
        `--pwfile=${byDescriptor ? '/proc/self/fd/3' : passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--no-locale',
        '--data-checksums',
        '--no-instructions',
      ],
      { cluster, account, stdio: ['ignore', 'ignore', 'pipe', handle.fd] },
    );
    let complaint = '';
    child.stderr?.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-4_000)));
    const code = await exited(child);
    if (code !== 0)
      throw new Error(`Postgres could not create its data folder (initdb ended with ${code}): ${complaint.trim()}`);
  } finally {
    await handle.close();
    await rm(passwordFile, { force: true });
  }
}

/**
 * Creates the cluster if it is not there. It is built under another name and renamed when complete, so that an
 * interruption at any point leaves either nothing or a whole cluster with its password.
 * @returns the administrator's password
 */
export async function ensureCluster(layout: Layout, binaries: Binaries, account: Account | undefined): Promise<string> {
  if (await exists(join(layout.cluster, 'PG_VERSION'))) return (await readFile(layout.secret, 'utf8')).trim();
  if (await exists(layout.cluster)) {
    throw new Error(`${layout.cluster} exists but holds no Postgres cluster. Move it away and start again.`);
  }
  const building = `${layout.cluster}.building`;
  await rm(building, { recursive: true, force: true });
  await mkdir(building, { mode: 0o700 });
  await chmod(building, 0o700);
  if (account) await chown(building, account.uid, account.gid);
  const password = randomBytes(24).toString('base64url');
  await rm(layout.secret, { force: true });
  await writeFile(layout.secret, `${password}\n`, { mode: 0o600, flush: true });
  await initdb(binaries, building, password, account);
  await rename(building, layout.cluster);
  await syncFolder(layout.folder);
  return password;
}
