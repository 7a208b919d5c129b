import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from './logger.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const LOG_EVERY_MS = 5_000;

export interface WaitOptions {
  logger: Logger;
  /** Gives up: the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** Tries until it works, with growing pauses, and logs what it waits for. */
export async function waitFor<T>(what: string, attempt: () => Promise<T>, options: WaitOptions): Promise<T> {
  const { logger, signal } = options;
  let pause = FIRST_PAUSE_MS;
  let logged = Number.NEGATIVE_INFINITY;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      const now = performance.now();
      if (now - logged >= LOG_EVERY_MS) {
        logged = now;
        logger.warn({ reason: error instanceof Error ? error.message : 'unknown' }, `waiting for ${what}`);
      }
    }
    await sleep(pause, undefined, signal ? { signal } : {});
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}
