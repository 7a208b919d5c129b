import { spawnSync } from 'node:child_process';
import { find } from '../programs.mjs';
import { command } from './command.mjs';

/** A program that shows whether a package is there, and the package. */
const PACKAGES = {
  s3cmd: 's3cmd',
  rclone: 'rclone',
  restic: 'restic',
  chromium: 'chromium',
  certutil: 'libnss3-tools',
  fusermount3: 'fuse3',
};

/** Packages of Debian that are absent. */
export function debian() {
  const absent = Object.entries(PACKAGES).flatMap(([program, name]) => (find(program) === undefined ? [name] : []));
  // For the environments of Python: Debian has this part of Python in a package of its own.
  if (spawnSync('python3', ['-c', 'import venv, ensurepip']).status !== 0) absent.push('python3-venv');
  if (absent.length === 0) return;
  const sudo = process.getuid?.() === 0 ? [] : ['sudo'];
  const apt = (...args) => {
    const [program, ...rest] = [...sudo, 'apt-get', ...args];
    command(program, rest, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  };
  apt('update', '-qq');
  apt('install', '-y', '-qq', '--no-install-recommends', ...absent);
}
