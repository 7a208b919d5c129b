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
  /** Takes a reply of several; says whether more are waited for. */
  readonly gather?: (data: Uint8Array) => boolean;
  /** What follows when nobody listens; else that is an error. */
  readonly nobody?: () => void;
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
      const token = this.#newToken();
      const timer = setTimeout(() => {
        this.#pending.delete(token);
        reject(timedOut(contract));
      }, timeoutMs);
      this.#pending.set(token, { contract, subject, resolve, reject, timer });
      this.#publish(token, subject, data, headers);
    });
  }

  /** What everybody answers who listens on the subject: `expected` replies, or those that came in time. */
  requestAll(
    contract: Contract,
    subject: string,
    data: Uint8Array,
    headers: MsgHdrs,
    timeoutMs: number,
    expected: number,
  ): Promise<Uint8Array[]> {
    const replies: Uint8Array[] = [];
    return new Promise((resolve, reject) => {
      const token = this.#newToken();
      const finish = (): void => {
        this.#take(token);
        resolve(replies);
      };
      this.#pending.set(token, {
        contract,
        subject,
        resolve: finish,
        reject,
        nobody: finish,
        timer: setTimeout(finish, timeoutMs),
        gather: (reply) => replies.push(reply) < expected,
      });
      this.#publish(token, subject, data, headers);
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

  #newToken(): string {
    this.#next = (this.#next + 1) % Number.MAX_SAFE_INTEGER;
    return this.#next.toString(36);
  }

  #publish(token: string, subject: string, data: Uint8Array, headers: MsgHdrs): void {
    try {
      this.#connection.publish(subject, data, { reply: this.#inbox + token, headers });
    } catch {
      this.#take(token)?.reject(busFault('Unavailable', 'The bus is closed'));
    }
  }

  #receive(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length);
    // Nobody being there is told by a reply without data, which ends the waiting as well.
    if (message.data.length > 0 && this.#pending.get(token)?.gather?.(message.data)) return;
    const pending = this.#take(token);
    if (!pending) return;
    if (message.data.length === 0 && message.headers?.code === NO_RESPONDERS) {
      const { service, operation } = pending.contract;
      if (pending.nobody) pending.nobody();
      else pending.reject(busFault('Unavailable', `${service} does not answer ${operation} now`));
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
