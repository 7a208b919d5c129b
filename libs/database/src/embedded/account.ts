import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';

/** The operating system's account that Postgres runs as when Coffer itself runs as root. */
export interface Account {
  uid: number;
  gid: number;
}

const run = promisify(execFile);
const NAME = 'postgres';
const SAME_USER = 'Start Coffer as the user that first started it on this folder.';

async function lookUp(): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', NAME]), run('id', ['-g', NAME])]);
    return { uid: Number(uid.stdout.trim()), gid: Number(gid.stdout.trim()) };
  } catch {
    return undefined;
  }
}

/** First as most distributions do it, then as BusyBox does. */
const CREATE: [string, string[]][] = [
  ['useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', NAME]],
  ['adduser', ['-S', '-D', '-H', '-s', '/bin/false', NAME]],
];

/**
 * Postgres refuses to run as root. Under root this finds the account to run it as: the owner of an existing cluster,
 * else `postgres`, which is created when absent. Under any other account: undefined, Postgres runs as that one.
 * @param cluster the folder of the cluster, which need not exist
 */
export async function accountFor(cluster: string): Promise<Account | undefined> {
  const owner = await stat(cluster).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EACCES') throw new Error(`${cluster} cannot be entered. ${SAME_USER}`, { cause: error });
    return undefined;
  });
  const self = process.getuid?.();
  if (self !== 0) {
    if (self !== undefined && owner && owner.uid !== self)
      throw new Error(`${cluster} belongs to another user. ${SAME_USER}`);
    return undefined;
  }
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const known = await lookUp();
  if (known) return known;
  for (const [command, args] of CREATE) {
    await run(command, args).catch(() => undefined);
    const created = await lookUp();
    if (created) return created;
  }
  throw new Error(
    'Postgres must not run as root, and no user for it could be created. Create a system user called "postgres" ' +
      '(useradd --system postgres), or start Coffer as an ordinary user.',
  );
}
