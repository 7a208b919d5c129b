// Names of buckets before the name of a host (`bucket.s3.localhost`) have to resolve for clients that know nothing but
// the resolver of the system, and a hosts file has no wildcards. The run of tests therefore gets a hosts file of its own,
// mounted over /etc/hosts in a mount namespace: it can be written while the tests run, nobody else sees it, and nothing
// is left when the run ends, however it ends. Needs root, or user namespaces.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MOUNT = 'mount --bind "$0" /etc/hosts && exec "$@"';
const WAYS = [
  ['unshare', '--mount'],
  ['unshare', '--user', '--map-current-user', '--keep-caps', '--mount'],
];

/**
 * `within`: the command that runs another one with a hosts file of its own; `env`: what tells the tests so. Both are
 * empty where it is not possible.
 */
export function withOwnHosts() {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-hosts-'));
  const file = join(folder, 'hosts');
  const remove = () => rmSync(folder, { recursive: true, force: true });
  if (process.platform === 'linux') {
    writeFileSync(file, `${readFileSync('/etc/hosts', 'utf8').trimEnd()}\n127.0.0.1 s3.localhost\n`);
    for (const way of WAYS) {
      const within = [...way, 'sh', '-c', MOUNT, file];
      const tried = spawnSync(within[0], [...within.slice(1), 'cmp', '-s', file, '/etc/hosts'], { stdio: 'ignore' });
      if (tried.status === 0) return { within, env: { COFFER_CLIENTS_HOSTS: '/etc/hosts' }, remove };
    }
  }
  return { within: [], env: {}, remove };
}
