import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';

/** What a transport does when Nest starts and stops its microservice. */
export interface Serving {
  /** Resolves when messages arrive from now on. */
  start(): Promise<void>;
  /** Takes no more messages and resolves when those under way are answered. */
  stop(): Promise<void>;
}

/** Lets Nest's `createMicroservice` run the handlers of a service on one of the two transports. */
export class BusServer extends Server implements CustomTransportStrategy {
  override readonly transportId = Symbol('coffer-bus');
  readonly #serving: Serving;
  #stopping: Promise<void> | undefined;

  constructor(serving: Serving) {
    super();
    this.#serving = serving;
  }

  /** Patterns on controllers would carry no contract, and so neither schema nor permissions. */
  override addHandler(pattern: unknown, _callback: MessageHandler): void {
    throw new TypeError(`Register ${JSON.stringify(pattern)} with handle() and its contract instead of a decorator`);
  }

  async listen(callback: (error?: unknown) => void): Promise<void> {
    try {
      await this.#serving.start();
      callback();
    } catch (error) {
      callback(error);
    }
  }

  async close(): Promise<void> {
    this.#stopping ??= this.#serving.stop();
    await this.#stopping;
  }

  on(event: string): never {
    throw new TypeError(`The bus has no event "${event}"`);
  }

  unwrap<T>(): T {
    throw new TypeError('The bus hands out no driver');
  }
}
