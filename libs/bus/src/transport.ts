import type { BusEvent, Contract, Fault, ServiceName } from '@coffer/contracts';
import type { CustomTransportStrategy, Server } from '@nestjs/microservices';
import type { Registration } from './handler.ts';

export interface CallOptions {
  /** Milliseconds until the call fails with `Timeout`; the contract's own `timeoutMs` when absent. */
  timeoutMs?: number;
  /** Gives up waiting: the call rejects with the signal's reason. What was already sent may still be carried out. */
  signal?: AbortSignal;
}

export interface CallAllOptions extends CallOptions {
  /** How many answers there should be: when they are there it is not waited for more. */
  expected?: number;
}

export interface BusClient {
  /**
   * Sends one message and waits for its reply, checked against the contract's schema.
   *
   * Throws a `Fault`: one of the contract's own codes, or one of the bus (`BusFaultCode`). `Unavailable` means that
   * nobody took the message; after `Timeout` it is not known whether it was carried out.
   */
  call<Request, Reply>(contract: Contract<Request, Reply>, message: Request, options?: CallOptions): Promise<Reply>;
  /**
   * Asks every process of the service, of a contract `toAll`. Gives what each of them answered, in the order of coming:
   * those that do not answer in time are left out, since nobody knows of them. Without `expected` it takes all of the time,
   * unless nobody is there at all. Throws a `Fault` when the call itself could not be made.
   */
  callAll<Request, Reply>(
    contract: Contract<Request, Reply>,
    message: Request,
    options?: CallAllOptions,
  ): Promise<(Reply | Fault)[]>;
  /** Tells every listener there is; lost without a word when nobody listens or the bus is away. */
  publish<Message>(event: BusEvent<Message>, message: Message): void;
  /** Returns the function that ends the subscription. */
  subscribe<Message>(event: BusEvent<Message>, listener: (message: Message) => void): () => void;
}

export interface BusTransport {
  readonly service: ServiceName;
  readonly client: BusClient;
  /** For Nest's `createMicroservice`. Its `close()` stops taking messages and finishes those under way. */
  strategy(registrations: readonly Registration[]): Server & CustomTransportStrategy;
  /** Resolves when the bus has everything that was subscribed so far; rejects when it refused a subscription. */
  ready(): Promise<void>;
  /** Stops taking messages, finishes those under way, then closes for good. Calls made afterwards are `Unavailable`. */
  drain(): Promise<void>;
  connected(): boolean;
}

/** What the bus writes to; a pino logger fits. */
export interface BusLog {
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export const silentLog: BusLog = { warn: () => undefined, error: () => undefined };
