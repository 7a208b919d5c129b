import { setTimeout as pause } from 'node:timers/promises';
import type { Target } from './client.ts';
import { watchedClient } from './client.ts';
import type { Journal } from './journal.ts';
import type { Operation } from './operations.ts';
import { copy, put, putConditionally, race, read, remove, removeSeveral, tag } from './operations.ts';
import { multipart } from './operations-multipart.ts';
import { changePolicy } from './operations-policy.ts';
import { mark, putVersion, removeVersions } from './operations-versioned.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Buckets } from './worker.ts';
import { Worker } from './worker.ts';

const MIX: readonly (readonly [Operation, number])[] = [
  [put, 10],
  [putConditionally, 2],
  [race, 2],
  [remove, 3],
  [removeSeveral, 1],
  [copy, 2],
  [tag, 2],
  [read, 2],
  [multipart, 2],
  [putVersion, 3],
  [mark, 1],
  [removeVersions, 1.5],
  [changePolicy, 0.7],
];

/** After a failure a client waits a little, as real ones do; the stack may be starting. */
const AFTER_FAILURE_MS = 150;

/** Many clients at once, each doing one thing after the other, until told to stop. */
export class Load {
  readonly #workers: Worker[];
  #stopping = false;
  #running: Promise<void>[] = [];

  constructor(
    readonly journal: Journal,
    random: SeededRandom,
    target: Target,
    buckets: Buckets,
    clients: number,
  ) {
    this.#workers = Array.from({ length: clients }, (_, number) => {
      const client = watchedClient(target, (received) => journal.received.push(received));
      return new Worker(number, client, random.fork(number + 1), journal, buckets);
    });
  }

  start(): void {
    this.#stopping = false;
    this.#running = this.#workers.map((worker) => this.#run(worker));
  }

  /** Resolves when no operation is under way any more. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  close(): void {
    for (const worker of this.#workers) worker.client.destroy();
  }

  async #run(worker: Worker): Promise<void> {
    while (!this.#stopping) {
      const before = this.journal.unanswered;
      await worker.random.weighted(MIX)(worker);
      if (this.journal.unanswered > before) await pause(AFTER_FAILURE_MS);
    }
  }
}
