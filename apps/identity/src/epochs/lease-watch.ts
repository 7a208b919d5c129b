import { type Database, sql } from '@coffer/database';
import type { Logger } from '@coffer/service-kit';

/** How long a gateway trusts what it caches, in milliseconds from the moment it asked. */
export const LEASE_MS = 1_000;
/** Milliseconds between looks at leases that other replicas renew. */
const LOOK_EVERY_MS = 10;
/** Timers may fire a little early. */
const TIMER_SLACK_MS = 2;

/** `lowest`: the oldest epoch under which a lease is live. `certain`: no lease can be out that the table forgot. */
const look = sql(
  'identity.leases.look',
  `SELECT
     (SELECT min(epoch) FROM leases WHERE renewed_at > clock_timestamp() - $1 * interval '1 millisecond') AS lowest,
     EXISTS (SELECT FROM lease_memory) AS remembered,
     EXISTS (SELECT FROM lease_memory WHERE since <= clock_timestamp() - $1 * interval '1 millisecond') AS certain`,
);
const remember = sql(
  'identity.leases.remember',
  'INSERT INTO lease_memory (since) VALUES (clock_timestamp()) ON CONFLICT DO NOTHING',
);
const forget = sql(
  'identity.leases.forget',
  `DELETE FROM leases WHERE renewed_at < clock_timestamp() - interval '1 hour'`,
);

interface Look {
  lowest: number | null;
  remembered: boolean;
  certain: boolean;
}

interface Waiter {
  readonly epoch: number;
  readonly done: () => void;
}

/**
 * Waits until no gateway trusts anything older than an epoch.
 *
 * That is so when every lease that has neither run out nor been superseded is of this epoch or a newer one, or `LEASE_MS`
 * after the change's commit, come what may: no lease of an older epoch can have been asked for after it. The second rule
 * needs no database and no clock but this process's own monotonic one. All waiters share one look at the leases.
 */
export class LeaseWatch {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #waiters = new Set<Waiter>();
  #looking = false;
  #wakeUp: (() => void) | undefined;
  #woken = false;

  constructor(database: Database, logger: Logger) {
    this.#database = database;
    this.#logger = logger;
  }

  /** Call it only after the transaction that raised the epoch has committed. */
  reached(epoch: number): Promise<void> {
    return new Promise((resolve) => {
      const deadline = performance.now() + LEASE_MS;
      const expire = () => {
        const left = deadline - performance.now();
        if (left <= 0) waiter.done();
        else timer = setTimeout(expire, left + TIMER_SLACK_MS);
      };
      let timer = setTimeout(expire, LEASE_MS + TIMER_SLACK_MS);
      const waiter: Waiter = {
        epoch,
        done: () => {
          clearTimeout(timer);
          this.#waiters.delete(waiter);
          resolve();
        },
      };
      this.#waiters.add(waiter);
      this.wake();
      void this.#watch();
    });
  }

  /** A lease was renewed in this process: look now. */
  wake(): void {
    this.#woken = true;
    this.#wakeUp?.();
  }

  /** Removes the leases of gateways that are long gone. */
  async prune(): Promise<void> {
    await this.#database.execute(forget);
  }

  async #watch(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    while (this.#waiters.size > 0) {
      this.#woken = false;
      // Only those who waited before the look may go by it.
      const waiting = [...this.#waiters];
      const lowest = await this.#look();
      for (const waiter of waiting) if (lowest >= waiter.epoch) waiter.done();
      if (this.#waiters.size > 0) await this.#pause();
    }
    this.#looking = false;
  }

  /** The epoch that every gateway has reached for certain; -Infinity when nothing is certain. */
  async #look(): Promise<number> {
    try {
      const rows = await this.#database.query<Look>(look, [LEASE_MS]);
      const { lowest, remembered, certain } = rows[0] as Look;
      if (!remembered) await this.#database.execute(remember);
      return certain ? (lowest ?? Number.POSITIVE_INFINITY) : Number.NEGATIVE_INFINITY;
    } catch (error) {
      this.#logger.warn({ err: error }, 'the leases could not be looked at');
      return Number.NEGATIVE_INFINITY;
    }
  }

  async #pause(): Promise<void> {
    if (this.#woken) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LOOK_EVERY_MS);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wakeUp = undefined;
  }
}
