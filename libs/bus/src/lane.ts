import type { Contract } from '@coffer/contracts';
import type { Envelope, Outcome } from './envelope.ts';
import { estimateBytes } from './estimate.ts';
import { busFault, timedOut } from './faults.ts';

const MAX_ELEMENTS = 256;
const MAX_BYTES = 512 * 1024;

export interface Element {
  readonly message: unknown;
  readonly must: readonly string[];
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly traceparent?: string;
  readonly signal?: AbortSignal;
}

/** An element in the queue, or under way, with the promise of its outcome. */
export interface Waiting extends Element {
  readonly bytes: number;
  readonly settle: (outcome: Outcome) => void;
  settled: boolean;
}

export function envelopeOf(element: Element, now: number): Envelope {
  return {
    message: element.message,
    must: element.must,
    timeoutMs: Math.max(1, element.deadline - now),
    ...(element.traceparent === undefined ? {} : { traceparent: element.traceparent }),
  };
}

/** Calls that gather together: those that wait to be sent, and how many batches of them are under way. */
export class Lane {
  /** The batch key of all its calls; undefined where calls of several keys gather. */
  readonly key: string | undefined;
  /** Places that batches under way hold. */
  slots = 0;
  /** Batches under way that the next one waits for. */
  fresh = 0;
  /** Batches without an answer, also those that gave their place away. */
  unanswered = 0;
  scheduled = false;
  #queue: Waiting[] = [];

  constructor(key?: string) {
    this.key = key;
  }

  get waits(): boolean {
    return this.#queue.length > 0;
  }

  get over(): boolean {
    return this.#queue.length === 0 && this.unanswered === 0;
  }

  /** Queues an element that comes from another lane. */
  add(waiting: Waiting): void {
    this.#queue.push(waiting);
  }

  /** Queues an element; the promise is settled no later than at its deadline. */
  push(contract: Contract, element: Element): Promise<Outcome> {
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => waiting.settle({ fault: timedOut(contract) }),
        Math.max(1, element.deadline - Date.now()),
      );
      const waiting: Waiting = {
        ...element,
        bytes: estimateBytes(element.message),
        settled: false,
        settle: (outcome) => {
          if (waiting.settled) return;
          waiting.settled = true;
          clearTimeout(timer);
          resolve(outcome);
        },
      };
      this.#queue.push(waiting);
    });
  }

  /** Takes from the front up to the limits; elements that are over or given up meanwhile never leave. */
  take(): Waiting[] {
    const batch: Waiting[] = [];
    let bytes = 0;
    let taken = 0;
    for (const waiting of this.#queue) {
      if (waiting.settled || waiting.signal?.aborted) {
        taken += 1;
        waiting.settle({ fault: busFault('Timeout', 'The call was given up before it was sent') });
        continue;
      }
      if (batch.length === MAX_ELEMENTS || (batch.length > 0 && bytes + waiting.bytes > MAX_BYTES)) break;
      bytes += waiting.bytes;
      taken += 1;
      batch.push(waiting);
    }
    this.#queue = this.#queue.slice(taken);
    return batch;
  }
}
