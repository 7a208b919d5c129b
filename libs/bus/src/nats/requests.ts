import { randomBytes } from 'node:crypto';
import type { Contract } from '@coffer/contracts';
import type { Msg, MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { busFault, timedOut } from '../faults.ts';

const NO_RESPONDERS = 503;

interface Pending {
  readonly contract: Contract;
  readonly subject: string;
  readonly resolve: (data: Uint8Array) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Requests of one connection, all answered through one inbox that is subscribed once. */
export class Requests {
  readonly #connection: NatsConnection;
  readonly #inbox: string;
  readonly #pending = new Map<string, Pending>();
  #next = 0;

  constructor(connection: NatsConnection, prefix: string) {
    this.#connection = connection;
    // Not to be guessed, so that a stray or old reply never meets a new request.
    this.#inbox = `${prefix}.${randomBytes(12).toString('hex')}.`;
    connection.subscribe(`${this.#inbox}*`, {
      callback: (error, message) => {
        if (!error) this.#receive(message);
      },
    });
  }

  request(
    contract: Contract,
    subject: string,
    data: Uint8Array,
    headers: MsgHdrs,
    timeoutMs: number,
  ): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#next = (this.#next + 1) % Number.MAX_SAFE_INTEGER;
      const token = this.#next.toString(36);
      const timer = setTimeout(() => {
        this.#pending.delete(token);
        reject(timedOut(contract));
      }, timeoutMs);
      this.#pending.set(token, { contract, subject, resolve, reject, timer });
      try {
        this.#connection.publish(subject, data, { reply: this.#inbox + token, headers });
      } catch {
        this.#take(token)?.reject(busFault('Unavailable', 'The bus is closed'));
      }
    });
  }

  /** The connection is gone: replies that were on their way are lost, and nobody can tell what was carried out. */
  lost(): void {
    for (const token of this.#pending.keys()) {
      this.#take(token)?.reject(busFault('Timeout', 'The connection to the bus was lost before the reply came'));
    }
  }

  /** The broker refused the subject. It does not say which message it was, so all on this subject fail. */
  refused(subject: string): void {
    for (const [token, pending] of this.#pending) {
      if (pending.subject !== subject) continue;
      this.#take(token)?.reject(busFault('NotPermitted', `The bus does not let this service publish on ${subject}`));
    }
  }

  #receive(message: Msg): void {
    const pending = this.#take(message.subject.slice(this.#inbox.length));
    if (!pending) return;
    if (message.data.length === 0 && message.headers?.code === NO_RESPONDERS) {
      const { service, operation } = pending.contract;
      pending.reject(busFault('Unavailable', `${service} does not answer ${operation} now`));
    } else pending.resolve(message.data);
  }

  #take(token: string): Pending | undefined {
    const pending = this.#pending.get(token);
    if (!pending) return undefined;
    this.#pending.delete(token);
    clearTimeout(pending.timer);
    return pending;
  }
}
