// What a run counts: each check of its own is one, a suite has as many as it has tests.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { node, resultsFolder } from '../environment.mjs';
import { run, stage } from './commands.mjs';

const file = join(resultsFolder, 'e2e-containers.json');
const total = { passed: 0, failed: 0, skipped: 0 };

/** A run that is cut leaves no counts of an older one. */
export function forgetCounts() {
  rmSync(file, { force: true });
}

export function count(what, times = 1) {
  total[what] += times;
}

/** A part of the run whose end without an error is what is proved; whoever catches its error counts that. */
export async function check(name, body, options) {
  const result = await stage(name, body, options);
  count('passed');
  return result;
}

/** One line for each reason: most skipped tests of a file share theirs. */
function printSkips(skips) {
  const byReason = Map.groupBy(skips, ({ file, test, reason }) => `${file}: ${reason || test}`);
  for (const [line, tests] of byReason) console.log(`  skipped ${tests.length} in ${line}`);
}

/**
 * Suites that vitest runs, in a process of their own, so that this one stays able to act on a signal. What fails in them
 * does not keep the run from its other parts.
 */
export async function suites(name, args, env) {
  const results = join(resultsFolder, `containers-${name.replaceAll(/\W+/g, '-')}.json`);
  rmSync(results, { force: true });
  let problem;
  await stage(name, () => run(node, ['tools/containers/suites.mjs', results, ...args], { env, show: true })).catch(
    (error) => (problem = error),
  );
  const { skips, ...counted } = existsSync(results)
    ? JSON.parse(readFileSync(results, 'utf8'))
    : { passed: 0, failed: 0, skipped: 0, skips: [] };
  // Whoever ends badly has failed, whatever was written.
  if ((problem && counted.failed === 0) || counted.passed + counted.failed === 0) counted.failed += 1;
  for (const what of Object.keys(total)) count(what, counted[what]);
  printSkips(skips);
  if (problem) console.error(`FAILED ${problem.message}`);
}

/** Leaves the counts for the summary of a whole check, and prints them. @returns whether nothing failed */
export function writeCounts() {
  mkdirSync(resultsFolder, { recursive: true });
  writeFileSync(file, `${JSON.stringify(total)}\n`);
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0;
}
