import type { S3Client } from '@aws-sdk/client-s3';
import type { Outcome, Target } from '../client.ts';
import { outcomeOf, watchedClient } from '../client.ts';
import type { Received } from '../journal.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { Failure, Operation } from './history.ts';
import { History, now } from './history.ts';
import type { Keys } from './keys.ts';
import type { Value } from './values.ts';
import { Values } from './values.ts';
import { Versions } from './versions.ts';

export const PLAIN = 'faults-plain';
export const KEPT = 'faults-kept';

/** What all clients of a run share. */
export class Shared {
  readonly values = new Values();
  readonly versions = new Versions();
  readonly history = new History();
  readonly received: Received[] = [];
  /** What was last seen below a key, by bucket and key: a hint for conditions, nothing more. */
  readonly seen = new Map<string, Value | undefined>();
  constructor(readonly keys: Keys) {}
}

/** How a call went. `start` and `end` are moments of `now`. */
export type Timed<T> = Outcome<T> & { readonly start: number; readonly end: number };

/** Asks only to try again; nothing was done. */
const AGAIN: readonly string[] = ['OperationAborted', 'ConditionalRequestConflict'];

/** One client: makes calls one after the other, and writes down how each went. */
export class Caller {
  readonly s3: S3Client;
  /** Of the last call, if it had no answer. */
  lastFailure: Failure | undefined;
  /** In which what is under way was begun. */
  epoch = 0;

  constructor(
    readonly number: number,
    readonly random: SeededRandom,
    readonly shared: Shared,
    target: Target,
    /** Which of the gateways, for reports. */
    readonly gateway: string,
    attempts = 1,
  ) {
    this.s3 = watchedClient(target, (received) => shared.received.push(received), attempts, CALL_WITHIN_MS);
  }

  /** @param expected codes of refusals that are in order */
  async call<T>(what: string, expected: readonly string[], attempt: () => Promise<T>): Promise<Timed<T>> {
    const { history } = this.shared;
    const start = now();
    const outcome = await outcomeOf(attempt);
    const end = now();
    const name = what.split(' ', 1)[0]!;
    if (outcome.kind === 'unsure') {
      history.count(name, 'unknown');
      this.lastFailure = { start, end, what: `${what} by ${this.gateway}`, reason: outcome.reason };
      history.failures.push(this.lastFailure);
    } else {
      this.lastFailure = undefined;
      history.count(name, outcome.kind);
      if (outcome.kind === 'refused' && !expected.includes(outcome.code) && !AGAIN.includes(outcome.code))
        history.problems.push(`${what} was refused without reason: ${outcome.status} ${outcome.code}`);
    }
    return { ...outcome, start, end };
  }

  note(operation: Omit<Operation, 'client'>): void {
    this.shared.history.operations.push({ ...operation, client: this.number });
  }

  close(): void {
    this.s3.destroy();
  }
}

/** A call without an answer for this long has none. */
export const CALL_WITHIN_MS = 10_000;
