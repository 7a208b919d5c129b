// What every tool here agrees on: which Node runs, which variables a test may see, where results lie.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The workspace root, without a slash at its end. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '');

/** Where each suite leaves its counts, and the whole run its summary. */
export const resultsFolder = join(root, '.results');

const bin = join(root, 'node_modules', '.bin');
const own = join(bin, process.platform === 'win32' ? 'node.exe' : 'node');

/** The Node that `npm ci` brought; the machine's own may be too old for the test runner. */
export const node = existsSync(own) ? own : process.execPath;

/** Names of variables that point clients at somebody's cloud, proxy or certificates. */
const FOREIGN =
  /^(AWS_|COFFER_|BOTO_|PG|NATS_|MINIO_|OTEL_|SSL_CERT_(FILE|DIR)$|NODE_EXTRA_CA_CERTS$|(REQUESTS|CURL)_CA_BUNDLE$)|^(https?|all|no|ftp)_proxy$/i;

/** Where servers for tests come from is a fact about the machine; all other settings of Coffer would change what is tested. */
const KEPT = /^COFFER_(NATS_BIN|MINIO_BIN|TEST_(CONTAINERS|POSTGRES_URL|(POSTGRES|NATS|MINIO)_IMAGE))$/;

/** The environment of every process of a test run: the caller's, without what would change its result. */
export function cleanEnvironment(additions = {}) {
  const kept = Object.entries(process.env).filter(([name]) => KEPT.test(name) || !FOREIGN.test(name));
  const env = { ...Object.fromEntries(kept), NX_DAEMON: 'false', NX_NO_CLOUD: 'true', NX_TUI: 'false', ...additions };
  env.PATH = env.PATH?.split(delimiter)[0] === bin ? env.PATH : [bin, env.PATH].filter(Boolean).join(delimiter);
  return env;
}
