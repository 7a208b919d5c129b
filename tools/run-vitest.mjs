import { spawnSync } from 'node:child_process';
import { cleanEnvironment, node, root } from './environment.mjs';

/**
 * Runs vitest in a clean environment; its counts go to the file `results`. `within` is a command that runs the command
 * which follows it.
 * @returns the exit code
 */
export function runVitest(results, args, additions = {}, within = []) {
  const reporters = ['--reporter=default', '--reporter=./tools/results-reporter.mjs'];
  const [program, ...rest] = [...within, node, 'node_modules/vitest/vitest.mjs', 'run', ...args, ...reporters];
  const env = cleanEnvironment({ RESULTS_FILE: results, ...additions });
  const done = spawnSync(program, rest, { cwd: root, stdio: 'inherit', env });
  return done.status ?? 1;
}
