// Builds one project and the projects it references, and bundles it when it is a program. `tsc -b` is incremental, so running it again costs little;
// a folder lock keeps parallel builds from writing the same referenced output at the same time.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';

const project = process.argv[2];
if (!project) {
  console.error('usage: node tools/build.mjs <project folder>');
  process.exit(2);
}
const lock = '.nx/build.lock';
const STALE_MS = 120_000;
mkdirSync('.nx', { recursive: true });
for (;;) {
  try {
    mkdirSync(lock);
    break;
  } catch {
    try {
      if (Date.now() - statSync(lock).mtimeMs > STALE_MS) rmSync(lock, { recursive: true, force: true });
    } catch {
      // The holder released it between the two calls.
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
}
process.on('exit', () => rmSync(lock, { recursive: true, force: true }));
const done = spawnSync(process.execPath, ['node_modules/typescript7/bin/tsc', '-b', project], { stdio: 'inherit' });
process.exitCode = done.status ?? 1;
if (done.status === 0 && existsSync(join(project, 'src', 'main.ts'))) await bundle(project);
