import type { Contract } from '@coffer/contracts';
import type { Carrier, Envelope, Outcome } from './envelope.ts';
import { estimateBytes } from './estimate.ts';
import { asFault, busFault, timedOut } from './faults.ts';

const MAX_IN_FLIGHT = 2;
const MAX_ELEMENTS = 256;
const MAX_BYTES = 512 * 1024;
/** A batch that takes longer gives its place to the next: a receiver that died must not stop everybody else. */
const SLOT_MS = 500;

export interface Element {
  readonly message: unknown;
  readonly must: readonly string[];
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  readonly traceparent?: string;
  readonly signal?: AbortSignal;
}

interface Waiting extends Element {
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

/**
 * Gathers calls of one contract while two batches are under way and sends what has gathered as one message. Nothing
 * waits for a timer: a call that finds a free slot leaves in the same turn of the event loop.
 */
export class Batcher {
  readonly #contract: Contract;
  readonly #carrier: Carrier;
  #queue: Waiting[] = [];
  #inFlight = 0;
  #scheduled = false;

  constructor(contract: Contract, carrier: Carrier) {
    this.#contract = contract;
    this.#carrier = carrier;
  }

  push(element: Element): Promise<Outcome> {
    return new Promise((resolve) => {
      const timer = setTimeout(
        () => waiting.settle({ fault: timedOut(this.#contract) }),
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
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight >= MAX_IN_FLIGHT || this.#queue.length === 0) return;
    this.#scheduled = true;
    // A microtask later, so that calls made in one go travel together.
    queueMicrotask(() => {
      this.#scheduled = false;
      while (this.#inFlight < MAX_IN_FLIGHT && this.#queue.length > 0) {
        const batch = this.#take();
        if (batch.length > 0) void this.#send(batch);
      }
    });
  }

  /** Takes from the front up to the limits; elements that are over or given up meanwhile never leave. */
  #take(): Waiting[] {
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

  async #send(batch: readonly Waiting[]): Promise<void> {
    this.#inFlight += 1;
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      this.#inFlight -= 1;
      this.#schedule();
    };
    const slot = setTimeout(release, SLOT_MS);
    const now = Date.now();
    const envelopes = batch.map((element) => envelopeOf(element, now));
    const timeoutMs = Math.max(...envelopes.map((envelope) => envelope.timeoutMs));
    try {
      const outcomes = await this.#carrier.send(this.#contract, envelopes, timeoutMs);
      const missing = { fault: busFault('Internal', 'The reply to a batch lacks this element') };
      batch.forEach((element, index) => element.settle(outcomes[index] ?? missing));
    } catch (error) {
      const fault = asFault(error);
      for (const element of batch) element.settle({ fault });
    } finally {
      clearTimeout(slot);
      release();
    }
  }
}
