import type { BusEvent, ServiceName } from '@coffer/contracts';
import { connect, PermissionViolationError, type NatsConnection, type TlsOptions } from '@nats-io/transport-node';
import { Client } from '../client.ts';
import { decode, encode } from '../codec.ts';
import { Dispatcher } from '../dispatcher.ts';
import { busFault } from '../faults.ts';
import type { Registration } from '../handler.ts';
import { BusServer } from '../strategy.ts';
import { silentLog, type BusLog, type BusTransport } from '../transport.ts';
import { within } from '../within.ts';
import { NatsCarrier } from './carrier.ts';
import { MAX_PAYLOAD_BYTES } from './config.ts';
import { inboxPrefix } from './permissions.ts';
import { Requests } from './requests.ts';
import { Receiver } from './receiver.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const DRAIN_LIMIT_MS = 30_000;
const FLUSH_LIMIT_MS = 5_000;

export interface NatsOptions {
  servers: string[];
  service: ServiceName;
  user: string;
  password: string;
  /**
   * Material of the TLS connection; `{}` asks for TLS with the system's authorities. The servers must then be given by
   * the names in their certificates: the driver checks no addresses.
   */
  tls?: TlsOptions;
  /** Shown in the broker's monitoring. */
  name?: string;
  log?: BusLog;
}

/**
 * Connects once: rejects when no server answers or the user is refused, so that the caller decides how to wait. After
 * that it reconnects for ever by itself.
 */
export async function natsTransport(options: NatsOptions): Promise<BusTransport> {
  const { service } = options;
  const log = options.log ?? silentLog;
  const connection = await connect({
    servers: options.servers,
    user: options.user,
    pass: options.password,
    name: options.name ?? service,
    inboxPrefix: inboxPrefix(service),
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    reconnectJitter: 200,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    pingInterval: 10_000,
    ...(options.tls ? { tls: options.tls } : {}),
  });
  return new NatsTransport(service, connection, log).transport();
}

class NatsTransport {
  readonly #service: ServiceName;
  readonly #connection: NatsConnection;
  readonly #log: BusLog;
  readonly #requests: Requests;
  readonly #servers = new Set<BusServer>();
  readonly #refused: string[] = [];
  readonly #waiting = new Set<() => void>();
  #connected = true;
  #draining: Promise<void> | undefined;

  constructor(service: ServiceName, connection: NatsConnection, log: BusLog) {
    this.#service = service;
    this.#connection = connection;
    this.#log = log;
    this.#requests = new Requests(connection, inboxPrefix(service));
    const limit = connection.info?.max_payload ?? 0;
    if (limit < MAX_PAYLOAD_BYTES) log.warn({ limit, advised: MAX_PAYLOAD_BYTES }, 'the bus has a small max_payload');
    void this.#watch();
  }

  transport(): BusTransport {
    const carrier = new NatsCarrier(this.#service, this.#connection, this.#requests, (limitMs) => this.#back(limitMs));
    const client = new Client(this.#service, carrier, {
      publish: (event, message) => this.#publish(event, message),
      subscribe: (event, listener) => this.#subscribe(event, listener),
    });
    return {
      service: this.#service,
      client,
      strategy: (registrations) => this.#strategy(registrations),
      ready: () => this.#ready(),
      drain: () => (this.#draining ??= this.#drain()),
      connected: () => this.#connected,
    };
  }

  #strategy(registrations: readonly Registration[]): BusServer {
    const dispatcher = new Dispatcher(this.#service, registrations, this.#log);
    const receiver = new Receiver(this.#service, this.#connection, dispatcher, this.#log);
    const server = new BusServer({
      start: async () => {
        receiver.subscribe((subject) => this.#refused.push(subject));
        await this.#ready();
      },
      stop: async () => {
        await receiver.unsubscribe(this.#connected ? FLUSH_LIMIT_MS : 0);
        if (!(await dispatcher.idle(DRAIN_LIMIT_MS))) {
          this.#log.warn({ service: this.#service }, 'handlers still run; not waiting longer');
        }
        if (this.#connected) await within(this.#connection.flush(), FLUSH_LIMIT_MS, undefined);
      },
    });
    this.#servers.add(server);
    return server;
  }

  async #ready(): Promise<void> {
    if (this.#connection.isClosed()) throw busFault('Unavailable', 'The bus is closed');
    const answered = await within(this.#connection.rtt(), FLUSH_LIMIT_MS, undefined);
    if (answered === undefined) throw busFault('Unavailable', 'The bus does not answer');
    if (this.#refused.length > 0) {
      throw busFault('NotPermitted', `The bus does not let ${this.#service} listen on ${this.#refused.join(', ')}`);
    }
  }

  async #drain(): Promise<void> {
    await Promise.all([...this.#servers].map((server) => server.close()));
    this.#connected = false;
    await this.#connection.close();
    this.#requests.lost();
  }

  #publish(event: BusEvent, message: unknown): void {
    if (!this.#connected) return;
    try {
      this.#connection.publish(event.subject, encode(message));
    } catch (error) {
      this.#log.warn({ err: error, subject: event.subject }, 'an event could not be published');
    }
  }

  #subscribe(event: BusEvent, listener: (message: unknown) => void): () => void {
    const subscription = this.#connection.subscribe(event.subject, {
      callback: (error, message) => {
        if (error) {
          this.#refused.push(event.subject);
          return this.#log.error({ err: error, subject: event.subject }, 'the bus refused a subscription');
        }
        try {
          const parsed = event.message.safeParse(decode(message.data));
          if (parsed.success) listener(parsed.data);
          else this.#log.error({ subject: event.subject }, 'an event does not fit its schema');
        } catch (failure) {
          this.#log.error({ err: failure, subject: event.subject }, 'a listener failed');
        }
      },
    });
    return () => subscription.unsubscribe();
  }

  /** Resolves as soon as there is a connection, or after `limitMs`; says whether there is one. */
  #back(limitMs: number): Promise<boolean> {
    if (this.#connected || this.#connection.isClosed()) return Promise.resolve(this.#connected);
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve(this.#connected);
      };
      const timer = setTimeout(done, limitMs);
      this.#waiting.add(done);
    });
  }

  async #watch(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'disconnect' || status.type === 'close') {
        this.#connected = false;
        this.#requests.lost();
        if (!this.#draining) this.#log.warn({ status: status.type }, 'lost the connection to the bus');
      } else if (status.type === 'reconnect') {
        this.#connected = true;
        this.#log.warn({ server: status.server }, 'connected to the bus again');
        for (const done of this.#waiting) done();
      } else if (status.type === 'error') this.#failed(status.error);
      else if (status.type === 'slowConsumer') this.#log.warn({}, 'the bus sends faster than this process reads');
    }
  }

  #failed(error: Error): void {
    this.#log.error({ err: error }, 'the bus reports an error');
    if (error instanceof PermissionViolationError && error.operation === 'publish')
      this.#requests.refused(error.subject);
  }
}
