// Runs one project's tests from the workspace root and leaves the counts in .results/ for the summary.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

const project = process.argv[2];
if (!project) {
  console.error('usage: node tools/vitest.mjs <project folder>');
  process.exit(2);
}
mkdirSync('.results', { recursive: true });
const name = project.split('/').pop();
const done = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    `${project}/`,
    '--passWithNoTests',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=.results/${name}.json`,
    ...process.argv.slice(3),
  ],
  { stdio: 'inherit' },
);
process.exitCode = done.status ?? 1;
