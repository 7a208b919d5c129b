// Fuzzes the readers: node tools/fuzz.mjs [--seconds N] [--target NAME]… [--seed S]
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { cleanEnvironment, node, root } from './environment.mjs';

const flags = ['--conditions=@coffer/source', '--expose-gc', '--disable-warning=ExperimentalWarning'];
const main = join(root, 'libs/fuzz/src/run/main.ts');
const args = [...flags, main, '--root', root, ...process.argv.slice(2)];
const done = spawnSync(node, args, { cwd: root, stdio: 'inherit', env: cleanEnvironment() });
process.exitCode = done.status ?? 1;
