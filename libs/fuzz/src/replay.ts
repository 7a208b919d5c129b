import * as fc from 'fast-check';
import { readCorpus } from './corpus.ts';
import { inputsOf } from './inputs.ts';
import { judge } from './judge.ts';
import { shown } from './shown.ts';
import type { FuzzTarget } from './target.ts';

/** Always the same inputs: a test of every day tells of a change in the code, not of a new idea. */
const SEED = 20_261_127;

/**
 * For unit tests: every file of the corpus, regressions included, and a fixed choice of mutations.
 * @returns how often each outcome was seen
 * @throws what does not hold, with the input, made as small as it still fails
 */
export async function replay(target: FuzzTarget, runs = 200): Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number>();
  const note = (outcome: string) => seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
  const stop = await target.start?.();
  try {
    for (const { name, bytes } of readCorpus(target.corpus)) {
      try {
        note(await judge(target, bytes));
      } catch (error) {
        throw new Error(`${target.name}: the corpus file ${name}`, { cause: error });
      }
    }
    const property = fc.asyncProperty(inputsOf(target), async (input) => void note(await judge(target, input)));
    const found = await fc.check(property, { seed: SEED, numRuns: runs });
    if (found.failed) {
      throw new Error(`${target.name}: ${shown(found.counterexample?.[0] ?? Buffer.alloc(0))}`, {
        cause: found.errorInstance,
      });
    }
  } finally {
    await stop?.();
  }
  return seen;
}
