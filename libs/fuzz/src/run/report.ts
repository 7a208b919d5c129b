import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileCoverage } from './coverage.ts';
import type { Failure, Outcome } from './messages.ts';
import { shown } from '../shown.ts';

const MiB = 1024 * 1024;
const percent = (part: number, whole: number) => (whole === 0 ? '100' : ((100 * part) / whole).toFixed(0));

export function reportOutcome(outcome: Outcome, seed: number): string {
  const { name, runs, seconds, outcomes, heldBefore, heldAfter, slowestMs } = outcome;
  const counted = outcomes.map(([word, times]) => `${word} ${times}`).join(', ');
  return [
    `${name}: ${runs} inputs in ${seconds.toFixed(0)} s (seed ${seed}), slowest ${slowestMs.toFixed(0)} ms`,
    `  held ${(heldBefore / MiB).toFixed(1)} MiB early, ${(heldAfter / MiB).toFixed(1)} MiB at the end`,
    `  ${counted}`,
  ].join('\n');
}

/** Saves the input and says how to run it again. */
export function reportFailure(name: string, failure: Failure, seed: number, folder: string): string {
  const lines = [`FAILED ${name} (seed ${seed})`, ...failure.error.split('\n').map((line) => `  ${line}`)];
  if (failure.input) {
    const bytes = Buffer.from(failure.input);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${name}-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`);
    writeFileSync(file, bytes);
    lines.push(`  input: ${shown(bytes)}`, `  saved as ${file}; once mended, it belongs into the corpus of ${name}`);
  }
  return lines.join('\n');
}

/** The best of several runs for each file: a line counts as run when any target ran it. */
export function reportCoverage(all: readonly FileCoverage[]): string {
  const byPath = Map.groupBy(all, ({ path }) => path);
  const rows = [...byPath.entries()]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([path, found]) => {
      const missed = found.reduce(
        (left, { missed }) => left.filter((line) => missed.includes(line)),
        [...(found[0]?.missed ?? [])],
      );
      const lines = found[0]?.lines ?? 0;
      return { path, lines, run: lines - missed.length, missed };
    });
  const width = Math.max(...rows.map(({ path }) => path.length));
  const lines = rows.map(({ path, lines, run, missed }) => {
    const which = missed.length === 0 ? '' : `  not: ${missed.slice(0, 12).join(' ')}${missed.length > 12 ? ' …' : ''}`;
    return `${path.padEnd(width)} ${percent(run, lines).padStart(4)} %${which}`;
  });
  const [lineCount, runCount] = rows.reduce(([a, b], { lines, run }) => [a + lines, b + run], [0, 0]);
  return [
    'Lines of the parsers that ran:',
    ...lines,
    `${'all'.padEnd(width)} ${percent(runCount, lineCount).padStart(4)} %`,
  ].join('\n');
}
