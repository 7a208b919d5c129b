// Lints one project (or the folders and files given). The import rules need Nx's project graph: without one
// @nx/enforce-module-boundaries skips itself with a warning and everything passes, so here that is a failure.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cleanEnvironment, node, root } from './environment.mjs';

const options = process.argv.slice(2).filter((argument) => argument.startsWith('-'));
const targets = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
if (targets.length === 0) {
  console.error('usage: node tools/lint.mjs [oxlint options] <project folder> …');
  process.exit(2);
}

const LINTED = /\.([cm]?[jt]s|[jt]sx)$/;
const LEFT_OUT = new Set(['node_modules', 'dist']);

function hasSources(path) {
  if (!statSync(path).isDirectory()) return LINTED.test(path);
  return readdirSync(path, { withFileTypes: true }).some(
    (entry) =>
      !LEFT_OUT.has(entry.name) &&
      (entry.isDirectory() || LINTED.test(entry.name)) &&
      hasSources(join(path, entry.name)),
  );
}

const present = targets.filter((target) => hasSources(resolve(root, target)));
for (const target of targets) if (!present.includes(target)) console.log(`${target} holds no source file to lint.`);

function run(args) {
  return spawnSync(node, args, { cwd: root, encoding: 'utf8', env: cleanEnvironment(), maxBuffer: 64 * 1024 * 1024 });
}

function lint() {
  const { status, stdout, stderr } = run(['node_modules/oxlint/bin/oxlint', ...options, ...present]);
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  if (/ProjectGraph is available|rule will be skipped/.test(stdout + stderr)) {
    console.error('lint: the import rules were not checked, because Nx has no project graph.');
    return 1;
  }
  return status ?? 1;
}

if (present.length > 0) {
  // Nx, when it runs this as a task, has just made the graph.
  if (process.env.NX_TASK_TARGET_TARGET === undefined) {
    const made = run(['node_modules/nx/dist/bin/nx.js', 'show', 'projects']);
    if (made.status !== 0) process.stderr.write(made.stderr);
  }
  process.exitCode = lint();
}
