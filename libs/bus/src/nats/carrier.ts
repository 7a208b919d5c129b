import type { Contract, ServiceName } from '@coffer/contracts';
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { decodeOutcomes, encode, encodeEnvelopes, noRoom } from '../codec.ts';
import type { Carrier, CarrierToAll, Envelope, Outcome } from '../envelope.ts';
import { asFault, busFault } from '../faults.ts';
import { PayloadLimit } from './payload-limit.ts';
import { callSubject } from './permissions.ts';
import type { Requests } from './requests.ts';
import { headerNames } from './headers.ts';

/** Room for the headers, which count towards the broker's limit. */
const HEADER_BYTES = 4096;
/** A short absence of the broker is waited out; a longer one is told to the caller. */
const RECONNECT_WAIT_MS = 1_000;

/** Sends envelopes as NATS requests: one alone as its bare message, several as a batch. */
export class NatsCarrier implements Carrier, CarrierToAll {
  readonly #service: ServiceName;
  readonly #limit: PayloadLimit;
  readonly #requests: Requests;
  readonly #connected: (limitMs: number) => Promise<boolean>;

  constructor(
    service: ServiceName,
    connection: NatsConnection,
    requests: Requests,
    connected: (limitMs: number) => Promise<boolean>,
  ) {
    this.#service = service;
    this.#limit = new PayloadLimit(connection);
    this.#requests = requests;
    this.#connected = connected;
  }

  async send(contract: Contract, envelopes: readonly Envelope[], timeoutMs: number): Promise<readonly Outcome[]> {
    return await this.#send(contract, envelopes, await this.#timeLeft(timeoutMs));
  }

  async sendToAll(
    contract: Contract,
    envelope: Envelope,
    timeoutMs: number,
    expected: number,
  ): Promise<readonly Outcome[]> {
    const leftMs = await this.#timeLeft(timeoutMs);
    const head = this.#headers(contract, envelope, leftMs);
    const subject = callSubject(contract, this.#service);
    const replies = await this.#requests.requestAll(
      contract,
      subject,
      encode(envelope.message),
      head,
      leftMs,
      expected,
    );
    return replies.flatMap((reply) => decodeOutcomes(reply, 1));
  }

  /** What is left of the time when there is a connection. */
  async #timeLeft(timeoutMs: number): Promise<number> {
    const deadline = Date.now() + timeoutMs;
    if (!(await this.#connected(Math.min(timeoutMs, RECONNECT_WAIT_MS)))) {
      throw busFault('Unavailable', 'The bus cannot be reached');
    }
    return Math.max(1, deadline - Date.now());
  }

  async #send(contract: Contract, envelopes: readonly Envelope[], timeoutMs: number): Promise<readonly Outcome[]> {
    const [first] = envelopes;
    if (!first) return [];
    const data = contract.batched ? encodeEnvelopes(envelopes) : encode(first.message);
    const limit = this.#limit.bytes - HEADER_BYTES;
    if (data.length > limit) {
      if (envelopes.length > 1) return await this.#halves(contract, envelopes, timeoutMs);
      const message = `The message for ${contract.subject} has ${data.length} bytes; the bus carries ${limit}`;
      return [{ fault: busFault('InvalidMessage', message) }];
    }
    const head = this.#headers(contract, first, timeoutMs);
    const deadline = Date.now() + timeoutMs;
    const reply = await this.#requests.request(contract, callSubject(contract, this.#service), data, head, timeoutMs);
    const outcomes = decodeOutcomes(reply, envelopes.length);
    return await this.#rest(contract, envelopes, outcomes, deadline);
  }

  /** Asks again for the replies that had no room beside the others, until none is left out. */
  async #rest(
    contract: Contract,
    envelopes: readonly Envelope[],
    outcomes: readonly Outcome[],
    deadline: number,
  ): Promise<readonly Outcome[]> {
    const leftOut = envelopes.filter((_, index) => outcomes[index] === noRoom);
    // Fewer each time, or it would never end.
    if (leftOut.length === 0 || leftOut.length === envelopes.length || contract.retry !== 'safe') return outcomes;
    const more = await this.#send(contract, leftOut, Math.max(1, deadline - Date.now())).catch((error: unknown) =>
      leftOut.map((): Outcome => ({ fault: asFault(error) })),
    );
    let next = 0;
    return outcomes.map((outcome) => (outcome === noRoom ? (more[next++] ?? noRoom) : outcome));
  }

  #headers(contract: Contract, first: Envelope, timeoutMs: number): MsgHdrs {
    const head = headers();
    head.set(headerNames.timeout, String(timeoutMs));
    if (first.traceparent !== undefined) head.set(headerNames.traceparent, first.traceparent);
    if (contract.batched) head.set(headerNames.batch, '1');
    else if (first.must.length > 0) head.set(headerNames.must, first.must.join(','));
    return head;
  }

  /** The estimate was too low. Each half succeeds or fails for itself. */
  async #halves(contract: Contract, envelopes: readonly Envelope[], timeoutMs: number): Promise<readonly Outcome[]> {
    const middle = Math.ceil(envelopes.length / 2);
    const halves = [envelopes.slice(0, middle), envelopes.slice(middle)];
    const outcomes = await Promise.all(
      halves.map((half) =>
        this.#send(contract, half, timeoutMs).catch((error: unknown) => half.map(() => ({ fault: asFault(error) }))),
      ),
    );
    return outcomes.flat();
  }
}
