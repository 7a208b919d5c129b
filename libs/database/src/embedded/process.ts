import type { ChildProcess, SpawnOptions, StdioOptions } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Account } from './account.ts';

/**
 * How Postgres names its own folder. As root on Linux it is `/proc/self/cwd`: the process is put into the folder before
 * it gives up root, and from then on it finds the folder by that link, which the kernel resolves without looking at the
 * folders above. So the data may lie below a folder that only root can enter, as `mkdtemp` makes them.
 */
export function dataArgument(cluster: string, account: Account | undefined): string {
  return account && process.platform === 'linux' ? '/proc/self/cwd' : cluster;
}

/** Only what a server needs: `PG…` variables would change its settings, and secrets of the parent are none of its business. */
function environment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { LC_ALL: 'C', TZ: 'UTC' };
  for (const key of ['PATH', 'SystemRoot', 'TEMP', 'TMP']) {
    const value = process.env[key];
    if (value !== undefined) env[key] = value;
  }
  return env;
}

/** Starts a program of Postgres in the cluster's folder. libuv changes to `cwd` before it changes the user. */
export function spawnInCluster(
  program: string,
  args: readonly string[],
  options: { cluster: string; account: Account | undefined; stdio: StdioOptions } & Pick<SpawnOptions, 'detached'>,
): ChildProcess {
  return spawn(program, args, {
    cwd: options.cluster,
    env: environment(),
    stdio: options.stdio,
    detached: options.detached ?? false,
    windowsHide: true,
    ...(options.account ? { uid: options.account.uid, gid: options.account.gid } : {}),
  });
}

/** The exit code, or the signal's name. */
export function exited(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
}
