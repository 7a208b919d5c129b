import type { ServiceName } from '@coffer/contracts';
import { connect, PermissionViolationError, type NatsConnection } from '@nats-io/transport-node';
import { credentials, natsUrl } from './credentials.ts';

/** A bus user that says to the broker what it likes, past the product's own client. */
export class BusUser {
  readonly #connection: NatsConnection;
  /** `publish SUBJECT` and `subscription SUBJECT`, as the broker refused them. */
  readonly #refused = new Set<string>();

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
    void this.#watch();
  }

  static async enter(user: ServiceName, password = credentials().bus[user]): Promise<BusUser> {
    const connection = await connect({ servers: natsUrl(), user, pass: password, reconnect: false });
    return new BusUser(connection);
  }

  /** The subjects on which it could publish. */
  async publish(subjects: readonly string[]): Promise<string[]> {
    for (const subject of subjects) this.#connection.publish(subject);
    return await this.#allowed('publish', subjects);
  }

  /** The subjects to which it could subscribe; the subscriptions are ended again. */
  async subscribe(subjects: readonly string[], queue?: string): Promise<string[]> {
    const subscriptions = subjects.map((subject) =>
      this.#connection.subscribe(subject, {
        ...(queue === undefined ? {} : { queue }),
        callback: (error) => this.#note(error),
      }),
    );
    const allowed = await this.#allowed('subscription', subjects);
    for (const subscription of subscriptions) subscription.unsubscribe();
    return allowed;
  }

  async leave(): Promise<void> {
    await this.#connection.close();
  }

  async #allowed(operation: string, subjects: readonly string[]): Promise<string[]> {
    // The broker answers in order: what it refuses is known here before the flush is done.
    await this.#connection.flush();
    await new Promise((resolve) => setImmediate(resolve));
    const allowed = subjects.filter((subject) => !this.#refused.has(`${operation} ${subject}`));
    this.#refused.clear();
    return allowed;
  }

  async #watch(): Promise<void> {
    for await (const status of this.#connection.status()) if (status.type === 'error') this.#note(status.error);
  }

  #note(error: unknown): void {
    if (error instanceof PermissionViolationError) this.#refused.add(`${error.operation} ${error.subject}`);
  }
}
