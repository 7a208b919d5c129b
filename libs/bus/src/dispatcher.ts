import { isFault, type Contract, type Fault, type ServiceName } from '@coffer/contracts';
import { Context } from './context.ts';
import type { Envelope, Outcome } from './envelope.ts';
import { asFault, busFault, timedOut } from './faults.ts';
import type { Registration } from './handler.ts';
import { notUnderstood } from './must-understand.ts';
import { isTraceparent, observe, withTraceparent } from './trace.ts';
import type { BusLog } from './transport.ts';
import { within } from './within.ts';

type Received = { readonly message: unknown } | { readonly fault: Fault };

/** Paths and codes of what is wrong, never the values: those may be secret. */
function describe(issues: readonly { code?: string; path: readonly PropertyKey[] }[]): string {
  return issues
    .slice(0, 8)
    .map(({ code, path }) => `${path.map(String).join('.') || 'message'} (${code ?? 'invalid'})`)
    .join(', ');
}

function receive(contract: Contract, envelope: Envelope): Received {
  const parsed = contract.request.safeParse(envelope.message);
  const unknown = notUnderstood(contract.request, envelope.must, parsed.success ? parsed.data : envelope.message);
  if (unknown !== undefined) {
    return { fault: busFault('NotUnderstood', `${contract.subject}: this receiver does not know "${unknown}"`) };
  }
  if (parsed.success) return { message: parsed.data };
  return { fault: busFault('InvalidMessage', `${contract.subject}: ${describe(parsed.error.issues)}`) };
}

/** The answering half, the same on every transport: checks each message, runs its handler, turns errors into faults. */
export class Dispatcher {
  readonly registrations: readonly Registration[];
  readonly #bySubject = new Map<string, Registration>();
  readonly #log: BusLog;
  readonly #idle: (() => void)[] = [];
  #active = 0;

  constructor(service: ServiceName, registrations: readonly Registration[], log: BusLog) {
    this.registrations = registrations;
    this.#log = log;
    for (const registration of registrations) {
      const { subject, service: owner } = registration.contract;
      if (owner !== service) throw new TypeError(`${subject} belongs to ${owner}, not to ${service}`);
      if (this.#bySubject.has(subject)) throw new TypeError(`${subject} has two handlers`);
      this.#bySubject.set(subject, registration);
    }
  }

  /** One outcome per envelope, in order. Never rejects. */
  async dispatch(
    subject: string,
    caller: ServiceName | undefined,
    envelopes: readonly Envelope[],
  ): Promise<readonly Outcome[]> {
    this.#active += 1;
    try {
      const registration = this.#bySubject.get(subject);
      if (!registration) return this.#all(envelopes, busFault('Unavailable', `Nobody answers ${subject}`));
      if (caller === undefined || !registration.contract.callers.includes(caller)) {
        return this.#all(
          envelopes,
          busFault('NotPermitted', `${caller ?? 'An unknown caller'} may not call ${subject}`),
        );
      }
      return registration.batch
        ? await this.#together(registration, caller, envelopes)
        : await this.#each(registration, caller, envelopes);
    } finally {
      this.#active -= 1;
      if (this.#active === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  /** Resolves when nothing is under way, or after `limitMs` when a handler hangs; says which. */
  idle(limitMs: number): Promise<boolean> {
    if (this.#active === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), limitMs);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  #all(envelopes: readonly Envelope[], fault: Fault): readonly Outcome[] {
    return envelopes.map(() => ({ fault }));
  }

  async #each(
    registration: Registration & { batch: false },
    caller: ServiceName,
    envelopes: readonly Envelope[],
  ): Promise<readonly Outcome[]> {
    const { contract, handler } = registration;
    const one = async (envelope: Envelope): Promise<Outcome> => {
      const received = receive(contract, envelope);
      if ('fault' in received) return received;
      return await this.#run(contract, caller, envelope.timeoutMs, envelope.traceparent, async (context) => ({
        reply: await handler(received.message, context),
      }));
    };
    const [first] = envelopes;
    if (envelopes.length === 1 && first) return [await one(first)];
    // One slow element must not hold back the answers of the others for longer than its own deadline.
    return await Promise.all(
      envelopes.map((envelope) => within(one(envelope), envelope.timeoutMs, { fault: timedOut(contract) })),
    );
  }

  async #together(
    registration: Registration & { batch: true },
    caller: ServiceName,
    envelopes: readonly Envelope[],
  ): Promise<readonly Outcome[]> {
    const { contract, handler } = registration;
    const received = envelopes.map((envelope) => receive(contract, envelope));
    const messages = received.flatMap((each) => ('message' in each ? [each.message] : []));
    const timeoutMs = Math.max(...envelopes.map((envelope) => envelope.timeoutMs));
    let results: readonly unknown[] = [];
    if (messages.length > 0) {
      const outcome = await this.#run(contract, caller, timeoutMs, envelopes[0]?.traceparent, async (context) => {
        const reply = await handler(messages, context);
        if (reply.length !== messages.length) throw new TypeError(`${contract.subject} answered in wrong number`);
        return { reply };
      });
      if ('fault' in outcome) return received.map((each) => ('fault' in each ? each : outcome));
      results = outcome.reply as unknown[];
    }
    let next = 0;
    return received.map((each) => {
      if ('fault' in each) return each;
      const result = results[next];
      next += 1;
      return isFault(result) ? { fault: result } : { reply: result };
    });
  }

  async #run(
    contract: Contract,
    caller: ServiceName,
    timeoutMs: number,
    received: string | undefined,
    work: (context: Context) => Promise<Outcome>,
  ): Promise<Outcome> {
    const parent = isTraceparent(received) ? received : undefined;
    const observation = observe({ side: 'server', contract, ...(parent === undefined ? {} : { traceparent: parent }) });
    const traceparent = observation?.traceparent ?? parent;
    const context = new Context(Date.now() + timeoutMs, caller, traceparent);
    try {
      const outcome = await withTraceparent(traceparent, () => work(context));
      observation?.end();
      return outcome;
    } catch (error) {
      if (!isFault(error)) this.#log.error({ err: error, subject: contract.subject, caller }, 'a handler failed');
      const fault = asFault(error);
      observation?.end(fault);
      return { fault };
    }
  }
}
