import type { FuzzTarget } from './target.ts';

const LIMIT_MS = 1000;
/** By the clock an input may take so many times its limit: other processes may have had the processor. */
const CLOCK_FACTOR = 5;
/** How often a slow input is tried again: a collection of garbage that others left may have fallen into it. */
const AGAIN = 3;

/** What this thread has computed, in milliseconds. */
function computedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/**
 * Runs one input, with its bound of time: that of the thread, and a wider one by the clock. Gives the outcome in a word;
 * throws when anything does not hold.
 */
export async function judge(target: FuzzTarget, input: Buffer): Promise<string> {
  const limit = target.limitMs ?? LIMIT_MS;
  let fastest = Infinity;
  for (let round = 0; ; round += 1) {
    const [began, computed] = [performance.now(), computedMs()];
    // A copy: a reader that writes into what it reads must not change what is reported.
    const outcome = await target.run(Buffer.from(input));
    const took = Math.max(computedMs() - computed, (performance.now() - began) / CLOCK_FACTOR);
    fastest = Math.min(fastest, took);
    if (fastest <= limit) return outcome;
    if (round === AGAIN) throw new Error(`property: one input took ${Math.round(fastest)} ms, more than ${limit} ms`);
  }
}
