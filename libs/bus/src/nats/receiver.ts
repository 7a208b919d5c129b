import { services, type ServiceName } from '@coffer/contracts';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { decode, decodeEnvelopes, encodeOutcomes, noRoom } from '../codec.ts';
import type { Dispatcher } from '../dispatcher.ts';
import type { Envelope, Outcome } from '../envelope.ts';
import { busFault } from '../faults.ts';
import type { BusLog } from '../transport.ts';
import { within } from '../within.ts';
import { headerNames } from './headers.ts';
import { PayloadLimit } from './payload-limit.ts';

const DEFAULT_TIMEOUT_MS = 5_000;
/** Room for the array around a batch, and for the mark of an element that is left out. */
const FRAME_BYTES = 64;
const MARK_BYTES = 4;

function callerOf(message: Msg): ServiceName | undefined {
  const name = message.subject.slice(message.subject.lastIndexOf('.') + 1);
  return services.find((service) => service === name);
}

function timeoutOf(message: Msg): number {
  const value = Number(message.headers?.get(headerNames.timeout));
  return Number.isFinite(value) && value > 0 ? value : DEFAULT_TIMEOUT_MS;
}

/** Throws when the payload cannot be read. */
function envelopesOf(message: Msg): Envelope[] {
  if (message.headers?.has(headerNames.batch)) return decodeEnvelopes(message.data);
  const traceparent = message.headers?.get(headerNames.traceparent) ?? '';
  const must = message.headers?.get(headerNames.must) ?? '';
  return [
    {
      message: decode(message.data),
      timeoutMs: timeoutOf(message),
      must: must === '' ? [] : must.split(','),
      ...(traceparent === '' ? {} : { traceparent }),
    },
  ];
}

/** What a reply takes alone. One that cannot be encoded, which has been reported, never fits. */
function sizeOf(outcome: Outcome): number {
  try {
    return encodeOutcomes([outcome]).length;
  } catch {
    return Infinity;
  }
}

/** Takes a service's share of the messages, as one member of its queue group, and all of those that go to all. */
export class Receiver {
  readonly #service: ServiceName;
  readonly #connection: NatsConnection;
  readonly #limit: PayloadLimit;
  readonly #dispatcher: Dispatcher;
  readonly #log: BusLog;
  #subscriptions: Subscription[] = [];

  constructor(service: ServiceName, connection: NatsConnection, dispatcher: Dispatcher, log: BusLog) {
    this.#service = service;
    this.#connection = connection;
    this.#limit = new PayloadLimit(connection);
    this.#dispatcher = dispatcher;
    this.#log = log;
  }

  /** @param refused is told each subject that the broker does not let this service listen on. */
  subscribe(refused: (subject: string) => void): void {
    this.#subscriptions = this.#dispatcher.registrations.map(({ contract }) =>
      this.#connection.subscribe(`${contract.subject}.*`, {
        ...(contract.toAll ? {} : { queue: this.#service }),
        callback: (error, message) => {
          if (error) {
            refused(contract.subject);
            this.#log.error({ err: error, subject: contract.subject }, 'the bus refused a subscription');
          } else void this.#answer(contract.subject, message);
        },
      }),
    );
  }

  /** Messages that the broker has already sent here are still taken; resolves when the last one has arrived. */
  async unsubscribe(limitMs: number): Promise<void> {
    const open = this.#subscriptions.filter((subscription) => !subscription.isClosed());
    this.#subscriptions = [];
    if (this.#connection.isClosed()) return;
    // Without a broker there is nobody to confirm it, and nothing that could still arrive.
    await within(Promise.allSettled(open.map((subscription) => subscription.drain())), limitMs, undefined);
  }

  async #answer(subject: string, message: Msg): Promise<void> {
    let outcomes: readonly Outcome[];
    try {
      const envelopes = envelopesOf(message);
      outcomes = await this.#dispatcher.dispatch(subject, callerOf(message), envelopes);
    } catch {
      outcomes = [{ fault: busFault('InvalidMessage', `${subject}: the message cannot be read`) }];
    }
    try {
      message.respond(this.#encode(subject, outcomes));
    } catch (error) {
      // The connection is gone; the caller has noticed by itself.
      this.#log.warn({ err: error, subject }, 'a reply could not be sent');
    }
  }

  #encode(subject: string, outcomes: readonly Outcome[]): Buffer {
    const limit = this.#limit.bytes;
    const tooLarge: Outcome = { fault: busFault('Internal', `${subject}: the reply is larger than the bus carries`) };
    try {
      const data = encodeOutcomes(outcomes);
      if (data.length <= limit) return data;
      const details = { subject, bytes: data.length, limit, elements: outcomes.length };
      if (outcomes.length === 1) this.#log.error(details, 'a reply is larger than the bus carries');
      else this.#log.warn(details, 'the replies of a batch are larger than the bus carries');
    } catch (error) {
      this.#log.error({ err: error, subject }, 'a reply cannot be encoded');
    }
    // One element that is too large or cannot be encoded must not cost the others their answer; those for which there is
    // no room beside the others are asked for again.
    const sizes = outcomes.map(sizeOf);
    const room = limit - FRAME_BYTES - MARK_BYTES * outcomes.length;
    let left = room - sizeOf(tooLarge) * sizes.filter((bytes) => bytes > room).length;
    return encodeOutcomes(
      outcomes.map((outcome, index) => {
        const bytes = sizes[index] ?? 0;
        if (bytes > room) return tooLarge;
        if (bytes > left) return noRoom;
        left -= bytes;
        return outcome;
      }),
    );
  }
}
