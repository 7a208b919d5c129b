import { sql } from '@coffer/database';
import { collect } from './collector/collect.ts';
import { prune } from './collector/prune.ts';
import type { Deps } from './deps.ts';
import { rollForward } from './destruction/roll-forward.ts';

/** Milliseconds between two blob deletions, so that requests come first. */
const COLLECTOR_PAUSE_MS = 5;
const PRUNE_INTERVAL_MS = 60_000;

// Whoever changes the row does the round; the other replicas leave it be.
const beginRound = sql(
  'collector.beginRound',
  `UPDATE collector_progress SET last_round = clock_timestamp()
    WHERE last_round <= statement_timestamp() - $1::float8 * interval '1 millisecond'`,
);

async function collectorRound(deps: Deps, signal: AbortSignal): Promise<void> {
  // A little less than the interval, or a replica whose timer fires early would leave out every second round.
  if ((await deps.db.execute(beginRound, [deps.config.collectIntervalMs * 0.9])) === 0) return;
  const { blobGraceMs: graceMs, orphanSearchIntervalMs: wholeEveryMs } = deps.config;
  const options = { graceMs, wholeEveryMs, pauseMs: COLLECTOR_PAUSE_MS, signal };
  const { doomed, orphans } = await collect(deps, options);
  if (doomed + orphans > 0) deps.log.info({ doomed, orphans }, 'blobs removed');
}

async function rollForwardRound(deps: Deps): Promise<void> {
  const settled = await rollForward(deps);
  if (settled > 0) deps.log.info({ settled }, 'granted deletions carried out after a crash');
}

/** Runs `work` again and again, the first time at once, until stopped, which its signal tells it; 0 means never. */
function repeat(
  deps: Deps,
  intervalMs: number,
  name: string,
  work: (deps: Deps, signal: AbortSignal) => Promise<void>,
): () => Promise<void> {
  if (intervalMs === 0) return () => Promise.resolve();
  const stopping = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await work(deps, stopping.signal);
      } catch (error) {
        deps.log.warn({ err: error, task: name }, 'a background task failed and will be tried again');
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, intervalMs);
        stopping.signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
      });
    }
  };
  const running = loop();
  return async () => {
    stopping.abort();
    await running;
  };
}

export interface Background {
  stop(): Promise<void>;
}

/** What happens without being asked: granted deletions are rolled forward, unused blobs are collected. */
export function startBackground(deps: Deps): Background {
  const { collectIntervalMs, rollForwardIntervalMs } = deps.config;
  const tasks = [
    repeat(deps, rollForwardIntervalMs, 'roll-forward', rollForwardRound),
    repeat(deps, collectIntervalMs, 'collector', collectorRound),
    repeat(deps, collectIntervalMs === 0 ? 0 : PRUNE_INTERVAL_MS, 'pruning', prune),
  ];
  return {
    stop: async () => {
      await Promise.all(tasks.map((stop) => stop()));
    },
  };
}
