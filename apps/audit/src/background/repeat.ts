import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@coffer/service-kit';

export interface RepeatOptions {
  /** Names the work in logs and in the status. */
  name: string;
  /** Pause between the end of a round and the next one, in milliseconds. */
  intervalMs: number;
  logger: Logger;
  /** Where the status finds whether the last round worked: `ok`, or what went wrong. */
  outcomes: Map<string, string>;
}

/**
 * Does the work again and again. A round that fails is logged, once for each new reason, and tried again after the
 * pause. Returns the function that ends it, which waits for the round under way; its signal tells the work to hurry.
 */
export function repeat(options: RepeatOptions, work: (signal: AbortSignal) => Promise<void>): () => Promise<void> {
  const { name, intervalMs, logger, outcomes } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = (async () => {
    while (!signal.aborted) {
      try {
        await work(signal);
        if (outcomes.get(name) !== 'ok') logger.debug({ work: name }, 'background work is well');
        outcomes.set(name, 'ok');
      } catch (error) {
        const reason = error instanceof Error ? error.message : 'unknown';
        if (!signal.aborted && outcomes.get(name) !== reason)
          logger.warn({ work: name, err: error }, 'background work failed');
        outcomes.set(name, reason);
      }
      // Rejects only when it is told to stop.
      await sleep(intervalMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  })();
  return () => {
    stopping.abort(new Error('stopping'));
    return running;
  };
}
