// A mixed load while faults are done to a native stack: node tools/faults.mjs [--minutes N] [--seed S]
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { cleanEnvironment, node, root } from './environment.mjs';
import { lackedByNativeStack } from './programs.mjs';

const lacking = lackedByNativeStack();
if (lacking !== undefined) {
  console.error(`the native stack: ${lacking}`);
  process.exit(1);
}
const flags = [
  '--conditions=@coffer/source',
  '--experimental-transform-types',
  '--disable-warning=ExperimentalWarning',
];
const args = [...flags, join(root, 'e2e/src/faults/run/main.ts'), ...process.argv.slice(2)];
const done = spawnSync(node, args, { cwd: root, stdio: 'inherit', env: cleanEnvironment() });
process.exitCode = done.status ?? 1;
