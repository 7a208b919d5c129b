// Which of the programs that richer suites use are on this machine. Prints them, one a line: Nx puts that into the key
// of cached tests, so that what was skipped without a program runs as soon as there is one.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const VARIABLES = { 'nats-server': 'COFFER_NATS_BIN', minio: 'COFFER_MINIO_BIN' };
const OLDEST_NATS = [2, 10];

/** The path of a program: named by its variable, else on PATH, else in `~/go/bin`; undefined when it is absent. */
export function find(name) {
  const named = VARIABLES[name] && process.env[VARIABLES[name]];
  if (named) return existsSync(named) ? named : undefined;
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), join(homedir(), 'go', 'bin')];
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return folders.map((folder) => join(folder, name + suffix)).find((file) => existsSync(file));
}

function output(command, ...args) {
  const done = spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 });
  return done.status === 0 ? `${done.stdout}${done.stderr}` : undefined;
}

const CHECKS = {
  'nats-server': () => {
    const file = find('nats-server');
    if (file === undefined) return { missing: 'nats-server is absent' };
    const version = /v(\d+)\.(\d+)\.\d+/.exec(output(file, '--version') ?? '');
    if (version === null) return { missing: `${file} does not run` };
    const [major, minor] = version.slice(1).map(Number);
    const old = major < OLDEST_NATS[0] || (major === OLDEST_NATS[0] && minor < OLDEST_NATS[1]);
    return old ? { missing: `nats-server ${version[0]} is older than 2.10` } : { version: version[0] };
  },
  minio: () => {
    const file = find('minio');
    if (file === undefined) return { missing: 'minio is absent' };
    const text = output(file, '--version');
    return text === undefined ? { missing: `${file} does not run` } : { version: text.split('\n', 1)[0] };
  },
  aws: () => {
    const text = output('aws', '--version');
    return text === undefined ? { missing: 'the AWS CLI is absent' } : { version: text.split(' ', 1)[0] };
  },
  python: () => {
    const text = output(
      'python3',
      '-c',
      'import boto3, cryptography; print(boto3.__version__, cryptography.__version__)',
    );
    return text === undefined ? { missing: 'python3 with boto3 and cryptography is absent' } : { version: text.trim() };
  },
  openssl: () => {
    const text = output('openssl', 'version');
    return text === undefined ? { missing: 'openssl is absent' } : { version: text.trim() };
  },
  curl: () => {
    const text = output('curl', '--version');
    return text === undefined ? { missing: 'curl is absent' } : { version: text.split('\n', 1)[0] };
  },
};

/** The programs that suites use, by name: `{ version }`, or `{ missing }` with a reason. */
export function programs(names = Object.keys(CHECKS)) {
  return Object.fromEntries(names.map((name) => [name, CHECKS[name]()]));
}

/** Why the native stack cannot be started here, or undefined when it can. */
export function lackedByNativeStack() {
  const reasons = Object.values(programs(['nats-server', 'minio'])).flatMap(({ missing }) => missing ?? []);
  return reasons.length > 0 ? reasons.join(' and ') : undefined;
}

// With names: only those. `--require`: fails when one is absent or too old. `--path NAME`: prints where it lies.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [flag, ...names] = process.argv.slice(2);
  if (flag === '--path') console.log(find(names[0]) ?? '');
  else {
    const asked = programs(names.length > 0 ? names : undefined);
    for (const [name, { version, missing }] of Object.entries(asked)) console.log(`${name}: ${version ?? missing}`);
    const fails = flag === '--require' && Object.values(asked).some(({ missing }) => missing !== undefined);
    process.exitCode = fails ? 1 : 0;
  }
}
