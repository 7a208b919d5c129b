import { Worker } from 'node:worker_threads';
import { CurrentInput } from './current-input.ts';
import type { Failure, Order, Outcome } from './messages.ts';

/** A run that has been reading the same input for so long hangs. */
const HANG_MS = 20_000;
/** Starting a target, shrinking and looking at memory take their time beside the reading. */
const REST_MS = 90_000;
const MAX_HEAP_MB = 700;

export interface Watched {
  readonly outcome?: Outcome;
  /** How a run ended that could not say so itself: it hung, ran out of memory, or broke off. */
  readonly lost?: Failure;
}

/** Runs a target in a thread and ends it when it hangs; the input that it was reading is what is reported then. */
export function runWatched(order: Omit<Order, 'shared'>): Promise<Watched> {
  const current = new CurrentInput();
  const data: Order = { ...order, shared: current.shared };
  const worker = new Worker(new URL('worker.ts', import.meta.url), {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  const deadline = Date.now() + order.seconds * 1000 + REST_MS;
  return new Promise((resolve) => {
    let count = -1;
    let since = Date.now();
    const settle = (watched: Watched) => {
      clearInterval(timer);
      resolve(watched);
      void worker.terminate();
    };
    const lost = (error: string) => settle({ lost: { error, input: current.count > 0 ? current.get() : undefined } });
    const timer = setInterval(() => {
      if (current.count !== count) {
        count = current.count;
        since = Date.now();
      }
      const inTime = Date.now() < deadline - REST_MS;
      if (inTime && count > 0 && Date.now() - since > HANG_MS) lost(`one input was read for more than ${HANG_MS} ms`);
      else if (Date.now() > deadline) lost('the run did not end');
    }, 500);
    worker.once('message', (outcome: Outcome) => settle({ outcome }));
    worker.once('error', (error) => lost(String(error instanceof Error ? (error.stack ?? error) : error)));
    worker.once('exit', (code) => lost(`the run broke off with exit code ${code}`));
  });
}
