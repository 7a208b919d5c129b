import { spawnSync } from 'node:child_process';
import { cleanEnvironment, node, root } from './environment.mjs';

/**
 * Runs vitest in a clean environment; its counts go to the file `results`.
 * @returns the exit code
 */
export function runVitest(results, args, additions = {}) {
  const command = ['node_modules/vitest/vitest.mjs', 'run', ...args];
  const reporters = ['--reporter=default', '--reporter=./tools/results-reporter.mjs'];
  const env = cleanEnvironment({ RESULTS_FILE: results, ...additions });
  const done = spawnSync(node, [...command, ...reporters], { cwd: root, stdio: 'inherit', env });
  return done.status ?? 1;
}
