import type { Contract } from '@coffer/contracts';
import type { Carrier, Outcome } from './envelope.ts';
import { asFault, busFault } from './faults.ts';
import { envelopeOf, Lane, type Element, type Waiting } from './lane.ts';

/** Batches of one key under way at a time. */
const MAX_OF_KEY = 2;
/** Batches of all keys together, so that calls with many keys gather too instead of leaving one by one. */
const MAX_IN_ALL = 8;
/** A key whose batch takes longer counts as slow: it leaves what all keys share to the others. */
const PROMPT_MS = 100;
/** A batch that takes longer gives its place to the next: a receiver that died must not stop everybody else. */
const SLOT_MS = 500;

/**
 * Gathers calls of one contract and batch key while two of their batches are under way and sends what has gathered as one
 * message. Nothing waits for a timer: a call that finds a free place leaves in the same turn of the event loop.
 *
 * A key exists here only while calls of it wait or are under way, so that made-up keys take no memory for long.
 */
export class Batcher {
  readonly #contract: Contract;
  readonly #carrier: Carrier;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes with calls to send and a place of their own to send them in, the longest waiting first. */
  readonly #ready = new Set<Lane>();
  readonly #slowReady = new Set<Lane>();
  #shared = 0;
  #scheduled = false;

  constructor(contract: Contract, carrier: Carrier) {
    this.#contract = contract;
    this.#carrier = carrier;
  }

  /** How many keys are known at the moment. */
  get keys(): number {
    return this.#lanes.size;
  }

  push(element: Element): Promise<Outcome> {
    const key = this.#contract.batchBy?.(element.message) ?? '';
    let lane = this.#lanes.get(key);
    if (!lane) {
      lane = new Lane(key);
      this.#lanes.set(key, lane);
    }
    const outcome = lane.push(this.#contract, element);
    this.#offer(lane);
    return outcome;
  }

  #offer(lane: Lane): void {
    if (lane.waits && lane.slots < MAX_OF_KEY) (lane.slow ? this.#slowReady : this.#ready).add(lane);
    else if (lane.over) this.#lanes.delete(lane.key);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    if (this.#slowReady.size === 0 && (this.#ready.size === 0 || this.#shared >= MAX_IN_ALL)) return;
    this.#scheduled = true;
    // A microtask later, so that calls made in one go travel together.
    queueMicrotask(() => {
      this.#scheduled = false;
      for (const lane of this.#slowReady) this.#next(lane, this.#slowReady);
      for (const lane of this.#ready) {
        if (this.#shared >= MAX_IN_ALL) return;
        this.#next(lane, this.#ready);
      }
    });
  }

  /** Sends the lane's next batch, and puts the lane behind the others when there is more. */
  #next(lane: Lane, ready: Set<Lane>): void {
    ready.delete(lane);
    const batch = lane.take();
    if (batch.length > 0) void this.#send(lane, batch);
    this.#offer(lane);
  }

  async #send(lane: Lane, batch: readonly Waiting[]): Promise<void> {
    const release = this.#occupy(lane);
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
      release();
    }
  }

  /** Takes the places of a batch that leaves now; returns what gives back those that it still has when it is answered. */
  #occupy(lane: Lane): () => void {
    let holdsShared = !lane.slow;
    let holdsSlot = true;
    let prompt = true;
    lane.slots += 1;
    lane.unanswered += 1;
    if (holdsShared) this.#shared += 1;
    const leaveShared = (): void => {
      if (holdsShared) this.#shared -= 1;
      holdsShared = false;
    };
    const leaveSlot = (): void => {
      if (holdsSlot) lane.slots -= 1;
      holdsSlot = false;
    };
    let timer = setTimeout(() => {
      leaveShared();
      prompt = false;
      lane.slow = true;
      this.#ready.delete(lane);
      this.#offer(lane);
      timer = setTimeout(() => {
        leaveSlot();
        this.#offer(lane);
      }, SLOT_MS - PROMPT_MS);
    }, PROMPT_MS);
    return () => {
      clearTimeout(timer);
      leaveShared();
      leaveSlot();
      lane.unanswered -= 1;
      if (prompt) {
        lane.slow = false;
        this.#slowReady.delete(lane);
      }
      this.#offer(lane);
    };
  }
}
