// Runs the targets of a workspace, two at a time: main.ts --root DIR [--seconds N] [--seed S] [--target NAME]…
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { FileCoverage } from './coverage.ts';
import { reportCoverage, reportFailure, reportOutcome } from './report.ts';
import { runWatched } from './watched.ts';

const AT_ONCE = 2;

const { values } = parseArgs({
  options: {
    root: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    target: { type: 'string', multiple: true },
  },
});
const root = values.root ?? process.cwd();
const seconds = Number(values.seconds ?? 600);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!(seconds > 0) || !Number.isSafeInteger(seed)) throw new Error('--seconds and --seed are numbers');
const all = globSync('{libs,apps}/*/test/fuzz/*.fuzz.ts', { cwd: root })
  .sort()
  .map((path) => join(root, path));
const nameOf = (module: string) => basename(module, '.fuzz.ts');
const unknown = values.target?.filter((name) => !all.some((module) => nameOf(module) === name)) ?? [];
if (unknown.length > 0) {
  console.error(`no such target: ${unknown.join(', ')}; there are ${all.map(nameOf).join(', ')}`);
  process.exit(2);
}
const modules = all.filter((module) => values.target?.includes(nameOf(module)) ?? true);
const coverage: FileCoverage[] = [];
/** The first line of each failure, told once more at the end, where whoever looks at a long log looks first. */
const failed: string[] = [];

async function run(module: string): Promise<void> {
  const name = nameOf(module);
  const { outcome, lost } = await runWatched({ root, module, seconds, seed });
  if (outcome) {
    coverage.push(...outcome.coverage);
    console.log(reportOutcome(outcome, seed));
  }
  for (const failure of [...(outcome?.failures ?? []), ...(lost ? [lost] : [])]) {
    failed.push(`FAILED ${name}: ${failure.error.split('\n', 1)[0]}`);
    console.log(reportFailure(name, failure, seed, join(root, '.results', 'fuzz')));
  }
}

console.log(`fuzzing ${modules.map(nameOf).join(', ')}: ${seconds} s each, ${AT_ONCE} at a time, seed ${seed}`);
const waiting = [...modules];
const lane = async () => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next);
};
await Promise.all(Array.from({ length: AT_ONCE }, lane));
console.log(`\n${reportCoverage(coverage)}`);
console.log([...failed, `${modules.length} targets, ${failed.length} failures`].join('\n'));
process.exit(failed.length === 0 ? 0 : 1);
