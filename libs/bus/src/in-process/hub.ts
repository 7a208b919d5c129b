import type { BusEvent, Contract, ServiceName } from '@coffer/contracts';
import type { Dispatcher } from '../dispatcher.ts';
import type { Envelope, Outcome } from '../envelope.ts';
import { busFault, timedOut } from '../faults.ts';
import type { BusLog } from '../transport.ts';
import { within } from '../within.ts';

interface Listener {
  readonly log: BusLog;
  readonly listener: (message: unknown) => void;
}

/** The broker of one process: which dispatchers answer a subject, who listens to an event. */
export class InProcessHub {
  readonly #receivers = new Map<string, Dispatcher[]>();
  readonly #listeners = new Map<string, Set<Listener>>();
  #turn = 0;

  /** Several of one service take turns, as a queue group does. Returns the function that takes it away. */
  serve(dispatcher: Dispatcher): () => void {
    for (const { contract } of dispatcher.registrations) {
      const receivers = this.#receivers.get(contract.subject) ?? [];
      this.#receivers.set(contract.subject, [...receivers, dispatcher]);
    }
    return () => {
      for (const { contract } of dispatcher.registrations) {
        const left = (this.#receivers.get(contract.subject) ?? []).filter((each) => each !== dispatcher);
        this.#receivers.set(contract.subject, left);
      }
    };
  }

  /** Rejects with `Unavailable` when nobody serves the subject now, with `Timeout` when time is over. */
  async send(
    contract: Contract,
    caller: ServiceName,
    envelopes: readonly Envelope[],
    timeoutMs: number,
  ): Promise<readonly Outcome[]> {
    const receivers = this.#receivers.get(contract.subject) ?? [];
    this.#turn = (this.#turn + 1) % Number.MAX_SAFE_INTEGER;
    const receiver = receivers[this.#turn % receivers.length];
    if (!receiver) throw busFault('Unavailable', `${contract.service} does not answer ${contract.operation} now`);
    const outcomes = await within(receiver.dispatch(contract.subject, caller, envelopes), timeoutMs, undefined);
    if (!outcomes) throw timedOut(contract);
    return outcomes;
  }

  /** Asks everybody who serves the subject now; see `CarrierToAll`. */
  async sendToAll(
    contract: Contract,
    caller: ServiceName,
    envelope: Envelope,
    timeoutMs: number,
  ): Promise<readonly Outcome[]> {
    const receivers = this.#receivers.get(contract.subject) ?? [];
    const answers = receivers.map((receiver) =>
      within(receiver.dispatch(contract.subject, caller, [envelope]), timeoutMs, []),
    );
    return (await Promise.all(answers)).flat();
  }

  /** Listeners run after the publisher has gone on; one that throws stops no other. */
  publish(event: BusEvent, message: unknown): void {
    for (const entry of this.#listeners.get(event.subject) ?? []) {
      const parsed = event.message.safeParse(message);
      if (!parsed.success) {
        entry.log.error({ subject: event.subject }, 'an event does not fit its schema');
        continue;
      }
      setImmediate(() => {
        try {
          if (this.#listeners.get(event.subject)?.has(entry)) entry.listener(parsed.data);
        } catch (error) {
          entry.log.error({ err: error, subject: event.subject }, 'a listener failed');
        }
      });
    }
  }

  subscribe(event: BusEvent, entry: Listener): () => void {
    const listeners = this.#listeners.get(event.subject) ?? new Set();
    this.#listeners.set(event.subject, listeners.add(entry));
    return () => void listeners.delete(entry);
  }
}
