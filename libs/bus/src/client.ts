import { isFault, type BusEvent, type Contract, type Fault, type ServiceName } from '@coffer/contracts';
import { Batcher } from './batcher.ts';
import { envelopeOf, type Element } from './lane.ts';
import type { Carrier, CarrierToAll, Outcome } from './envelope.ts';
import { asFault, busFault } from './faults.ts';
import { mustOf } from './must-understand.ts';
import { attemptAgain } from './retry.ts';
import { RetryBudget } from './retry-budget.ts';
import { currentTraceparent, observe } from './trace.ts';
import type { BusClient, CallAllOptions, CallOptions } from './transport.ts';

/** How a transport spreads events. `publish` must not throw. */
export interface EventCarrier {
  publish(event: BusEvent, message: unknown): void;
  subscribe(event: BusEvent, listener: (message: unknown) => void): () => void;
}

function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function replyOf<Reply>(contract: Contract<unknown, Reply>, outcome: Outcome): Reply {
  if ('fault' in outcome) throw outcome.fault;
  const parsed = contract.reply.safeParse(outcome.reply);
  if (!parsed.success) throw busFault('Internal', `${contract.service}.${contract.operation} sent a broken reply`);
  return parsed.data;
}

/** The calling half, the same on every transport. */
export class Client implements BusClient {
  readonly #service: ServiceName;
  readonly #carrier: Carrier & CarrierToAll;
  readonly #events: EventCarrier;
  readonly #batchers = new Map<string, Batcher>();
  readonly #budgets = new Map<string, RetryBudget>();

  constructor(service: ServiceName, carrier: Carrier & CarrierToAll, events: EventCarrier) {
    this.#service = service;
    this.#carrier = carrier;
    this.#events = events;
  }

  async call<Request, Reply>(
    contract: Contract<Request, Reply>,
    message: Request,
    options: CallOptions = {},
  ): Promise<Reply> {
    this.#requireCaller(contract);
    const { signal } = options;
    signal?.throwIfAborted();
    const parent = currentTraceparent();
    const observation = observe({ side: 'client', contract, ...(parent === undefined ? {} : { traceparent: parent }) });
    const traceparent = observation?.traceparent ?? parent;
    const deadline = Date.now() + Math.max(1, options.timeoutMs ?? contract.timeoutMs);
    const element: Element = {
      message,
      must: mustOf(contract, message),
      deadline,
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(signal === undefined ? {} : { signal }),
    };
    const attempt = async (): Promise<Reply> => replyOf(contract, await this.#send(contract, element));
    try {
      const answer = contract.retry === 'safe' ? attemptAgain(attempt, deadline, this.#budget(contract)) : attempt();
      const reply = await (signal ? abortable(answer, signal) : answer);
      observation?.end();
      return reply;
    } catch (error) {
      observation?.end(asFault(error));
      throw error;
    }
  }

  async callAll<Request, Reply>(
    contract: Contract<Request, Reply>,
    message: Request,
    options: CallAllOptions = {},
  ): Promise<(Reply | Fault)[]> {
    if (!contract.toAll) throw busFault('NotPermitted', `${contract.subject} goes to one process, not to all`);
    this.#requireCaller(contract);
    const { signal, timeoutMs = contract.timeoutMs, expected = Infinity } = options;
    signal?.throwIfAborted();
    const envelope = envelopeOf(
      { message, must: mustOf(contract, message), deadline: Date.now() + timeoutMs },
      Date.now(),
    );
    const answers = this.#carrier.sendToAll(contract, envelope, envelope.timeoutMs, expected);
    const outcomes = await (signal ? abortable(answers, signal) : answers);
    return outcomes.map((outcome) => {
      try {
        return replyOf(contract, outcome);
      } catch (error) {
        if (isFault(error)) return error;
        throw error;
      }
    });
  }

  publish<Message>(event: BusEvent<Message>, message: Message): void {
    if (event.service !== this.#service) {
      throw busFault('NotPermitted', `${this.#service} may not publish ${event.subject}`);
    }
    this.#events.publish(event, message);
  }

  subscribe<Message>(event: BusEvent<Message>, listener: (message: Message) => void): () => void {
    if (!event.listeners.includes(this.#service)) {
      throw busFault('NotPermitted', `${this.#service} may not listen to ${event.subject}`);
    }
    return this.#events.subscribe(event, listener as (message: unknown) => void);
  }

  #requireCaller(contract: Pick<Contract, 'service' | 'operation' | 'callers'>): void {
    if (contract.callers.includes(this.#service)) return;
    throw busFault('NotPermitted', `${this.#service} may not call ${contract.service}.${contract.operation}`);
  }

  async #send(contract: Contract, element: Element): Promise<Outcome> {
    if (contract.batched) return await this.#batcher(contract).push(element);
    const envelope = envelopeOf(element, Date.now());
    const [outcome] = await this.#carrier.send(contract, [envelope], envelope.timeoutMs);
    return outcome ?? { fault: busFault('Internal', 'The reply is empty') };
  }

  #batcher(contract: Contract): Batcher {
    let batcher = this.#batchers.get(contract.subject);
    if (!batcher) {
      batcher = new Batcher(contract, this.#carrier);
      this.#batchers.set(contract.subject, batcher);
    }
    return batcher;
  }

  #budget(contract: Contract): RetryBudget {
    let budget = this.#budgets.get(contract.subject);
    if (!budget) {
      budget = new RetryBudget();
      this.#budgets.set(contract.subject, budget);
    }
    return budget;
  }
}
