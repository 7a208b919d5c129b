// Runs one project's tests from the workspace root and leaves the counts in .results/ for the summary.
import { existsSync, rmSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { resultsFolder, root } from './environment.mjs';
import { runVitest } from './run-vitest.mjs';

const folder = process.argv[2];
if (!folder || !existsSync(resolve(root, folder))) {
  console.error('usage: node tools/vitest.mjs <project folder> [vitest arguments]');
  process.exit(2);
}
const project = relative(root, resolve(root, folder));
const results = join(resultsFolder, `${basename(project)}.json`);
rmSync(results, { force: true });
process.exitCode = runVitest(results, [`${project}/`, '--passWithNoTests', ...process.argv.slice(3)]);
