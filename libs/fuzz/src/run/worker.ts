// One run of one target, in a thread of its own; the main thread watches it.
import { format } from 'node:util';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import * as fc from 'fast-check';
import { inputsOf } from '../inputs.ts';
import { readCorpus } from '../corpus.ts';
import { judge } from '../judge.ts';
import type { FuzzTarget } from '../target.ts';
import { startCoverage, takeCoverage } from './coverage.ts';
import { CurrentInput } from './current-input.ts';
import { heldBytes } from './memory.ts';
import type { Failure, Order, Outcome } from './messages.ts';

/** Inputs between two looks at the clock; a batch has a seed of its own, counted up from the run's. */
const BATCH = 400;
/** How long a failing input is made smaller. */
const SHRINK_MS = 10_000;
const GROWTH_BYTES = 12 * 1024 * 1024;

const order = workerData as Order;
const session = await startCoverage();
const { default: target } = (await import(pathToFileURL(order.module).href)) as { default: FuzzTarget };
const current = new CurrentInput(order.shared);
const seen = new Map<string, number>();
const failures: Failure[] = [];
const fail = (error: unknown, input?: Uint8Array) => failures.push({ error: format(error), input });
let runs = 0;
let slowestMs = 0;

async function one(input: Buffer): Promise<void> {
  current.set(input);
  const began = performance.now();
  const outcome = await judge(target, input);
  slowestMs = Math.max(slowestMs, performance.now() - began);
  seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
  runs += 1;
}

async function replayCorpus(): Promise<void> {
  for (const { name, bytes } of readCorpus(target.corpus)) {
    await one(bytes).catch((error: unknown) => fail(new Error(`the corpus file ${name}`, { cause: error }), bytes));
  }
}

/** Draws batches until the time is over or something fails. @returns the bytes held after a quarter of the time */
async function draw(until: number, held: () => Promise<number>): Promise<number> {
  const inputs = inputsOf(target);
  const firstLook = Date.now() + (until - Date.now()) / 4;
  let before: number | undefined;
  for (let batch = 0; Date.now() < until && failures.length === 0; batch += 1) {
    const found = await fc.check(fc.asyncProperty(inputs, one), {
      seed: order.seed + batch,
      numRuns: BATCH,
      interruptAfterTimeLimit: Math.max(1, until - Date.now()) + SHRINK_MS,
    });
    if (found.failed && found.counterexample) fail(found.errorInstance, found.counterexample[0]);
    if (before === undefined && Date.now() > firstLook) before = await held();
  }
  return before ?? (await held());
}

const stop = await target.start?.();
const began = Date.now();
const held = async () => (target.memory ? target.memory() : await heldBytes());
await replayCorpus();
const heldBefore = await draw(began + order.seconds * 1000, held);
const heldAfter = await held();
const seconds = (Date.now() - began) / 1000;
await stop?.();

if (failures.length === 0) {
  const growth = heldAfter - heldBefore;
  if (growth > (target.growth ?? GROWTH_BYTES)) fail(new Error(`property: ${growth} bytes more were held at the end`));
  const unseen = target.mustSee.filter((outcome) => !seen.has(outcome));
  if (unseen.length > 0) fail(new Error(`these outcomes were never seen: ${unseen.join(', ')}`));
}
const found: Outcome = {
  name: target.name,
  runs,
  seconds,
  outcomes: [...seen].sort(([, one], [, other]) => other - one),
  heldBefore,
  heldAfter,
  slowestMs,
  coverage: await takeCoverage(session, order.root, target.parsers),
  failures,
};
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port to another thread has no origin
parentPort!.postMessage(found);
