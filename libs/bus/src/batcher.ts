import { isFault, type Contract } from '@coffer/contracts';
import type { Carrier, Outcome } from './envelope.ts';
import { asFault, busFault } from './faults.ts';
import { envelopeOf, Lane, type Element, type Waiting } from './lane.ts';

/** Batches of one lane under way at a time. */
const MAX_IN_FLIGHT = 2;
/**
 * How long the next batch waits for one that is under way. One at a time makes batches as large as they get, and each
 * costs its receiver's work once for all; the second place is for when one takes long.
 */
const OVERTAKE_MS = 20;
/** A batch of one key that takes longer leaves the common lane, and its key with it. */
const PROMPT_MS = 100;
/** A batch that takes longer gives its place to the next: a receiver that died must not stop everybody else. */
const SLOT_MS = 500;

const missing = (): Outcome => ({ fault: busFault('Internal', 'The reply to a batch lacks this element') });

/**
 * Gathers calls of one contract while a batch is under way and sends what has gathered as one message. A call that finds
 * none under way waits for no timer: it leaves at the end of this turn of the event loop.
 *
 * Calls of all batch keys gather in one lane. A key whose calls have to wait gets a lane of its own for as long as any of
 * them is there, so that it holds up no other, and made-up keys take no memory.
 */
export class Batcher {
  readonly #contract: Contract;
  readonly #carrier: Carrier;
  readonly #common = new Lane();
  readonly #apart = new Map<string, Lane>();

  constructor(contract: Contract, carrier: Carrier) {
    this.#contract = contract;
    this.#carrier = carrier;
  }

  /** How many keys have a lane of their own at the moment. */
  get apart(): number {
    return this.#apart.size;
  }

  push(element: Element): Promise<Outcome> {
    const key = this.#apart.size === 0 ? undefined : this.#keyOf(element);
    const lane = (key === undefined ? undefined : this.#apart.get(key)) ?? this.#common;
    const outcome = lane.push(this.#contract, element);
    this.#schedule(lane);
    return outcome;
  }

  #keyOf(element: Element): string | undefined {
    return this.#contract.batchBy?.(element.message);
  }

  #laneOf(key: string): Lane {
    let lane = this.#apart.get(key);
    if (!lane) {
      lane = new Lane(key);
      this.#apart.set(key, lane);
    }
    return lane;
  }

  #schedule(lane: Lane): void {
    if (lane.key !== undefined && lane.over) this.#apart.delete(lane.key);
    if (lane.scheduled || !this.#mayLeave(lane)) return;
    lane.scheduled = true;
    // After everything that can be read now has been: what came in together travels together.
    setImmediate(() => {
      lane.scheduled = false;
      while (this.#mayLeave(lane)) {
        const batch = lane.take();
        if (batch.length > 0) void this.#send(lane, batch);
      }
      if (lane.key !== undefined && lane.over) this.#apart.delete(lane.key);
    });
  }

  #mayLeave(lane: Lane): boolean {
    return lane.waits && lane.fresh === 0 && lane.slots < MAX_IN_FLIGHT;
  }

  async #send(lane: Lane, batch: readonly Waiting[]): Promise<void> {
    const release = this.#occupy(lane, batch);
    const now = Date.now();
    const envelopes = batch.map((element) => envelopeOf(element, now));
    const timeoutMs = Math.max(...envelopes.map((envelope) => envelope.timeoutMs));
    try {
      const outcomes = await this.#carrier.send(this.#contract, envelopes, timeoutMs);
      batch.forEach((element, index) => this.#answer(lane, element, outcomes[index] ?? missing()));
    } catch (error) {
      const fault = asFault(error);
      for (const element of batch) element.settle({ fault });
    } finally {
      release();
    }
  }

  #answer(lane: Lane, element: Waiting, outcome: Outcome): void {
    if (!('fault' in outcome && isFault(outcome.fault, 'MustWait'))) return element.settle(outcome);
    const key = this.#keyOf(element);
    if (lane !== this.#common || key === undefined) {
      return element.settle({ fault: busFault('Unavailable', 'The receiver does not wait for a call of its own') });
    }
    const own = this.#laneOf(key);
    own.add(element);
    this.#schedule(own);
  }

  /** Takes a place for a batch that leaves now. Returns what gives it back when the batch is answered. */
  #occupy(lane: Lane, batch: readonly Waiting[]): () => void {
    let holder = lane;
    let holds = true;
    let fresh = true;
    holder.slots += 1;
    holder.unanswered += 1;
    lane.fresh += 1;
    const age = (): void => {
      if (fresh) lane.fresh -= 1;
      fresh = false;
      this.#schedule(lane);
    };
    const leave = (): void => {
      if (holds) holder.slots -= 1;
      holds = false;
      this.#schedule(holder);
    };
    const late = (): void => {
      const key = lane === this.#common ? this.#onlyKeyOf(batch) : undefined;
      if (key !== undefined) {
        // Its receiver may be waiting for it, so those that follow had better not be in anybody's way either.
        const own = this.#laneOf(key);
        own.slots += 1;
        own.unanswered += 1;
        lane.slots -= 1;
        lane.unanswered -= 1;
        holder = own;
        this.#schedule(lane);
      }
      timer = setTimeout(leave, SLOT_MS - PROMPT_MS);
    };
    let timer = setTimeout(() => {
      age();
      timer = setTimeout(late, PROMPT_MS - OVERTAKE_MS);
    }, OVERTAKE_MS);
    return () => {
      clearTimeout(timer);
      holder.unanswered -= 1;
      leave();
      age();
    };
  }

  #onlyKeyOf(batch: readonly Waiting[]): string | undefined {
    const keys = new Set(batch.map((element) => this.#keyOf(element)));
    const [key] = keys;
    return keys.size === 1 ? key : undefined;
  }
}
