// The container engine of this machine: Docker with its compose plugin, else Podman with podman-compose.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root } from '../environment.mjs';

/** Where `install.sh` puts podman-compose. */
const installed = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'coffer-containers', 'python', 'bin');

function succeeds(command, args, env) {
  return spawnSync(command, args, { env, stdio: 'ignore', timeout: 60_000 }).status === 0;
}

/** What the engine needs in its environment. */
function podmanEnvironment() {
  const env = { PATH: [installed, process.env.PATH].join(delimiter), BUILDAH_ISOLATION: 'chroot' };
  // Without systemd podman neither finds its cgroups nor, often, may it raise a limit.
  if (process.env.CONTAINERS_CONF === undefined && !existsSync('/run/systemd/system'))
    env.CONTAINERS_CONF = join(root, 'tools', 'containers', 'containers.conf');
  return env;
}

/**
 * @returns `{ name, command, compose, env }` with `compose` the words that begin each compose command, or `{ missing }`
 * with the reason why no container runs here.
 */
export function findEngine() {
  if (succeeds('docker', ['info'], process.env) && succeeds('docker', ['compose', 'version'], process.env))
    return { name: 'docker', command: 'docker', compose: ['docker', 'compose'], env: {} };
  const env = podmanEnvironment();
  const all = { ...process.env, ...env };
  if (!succeeds('podman', ['info'], all))
    return { missing: 'neither a Docker engine with compose nor Podman runs here' };
  if (!succeeds('podman-compose', ['--version'], all)) return { missing: 'podman-compose is absent' };
  return { name: 'podman', command: 'podman', compose: ['podman-compose'], env };
}
