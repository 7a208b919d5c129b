import type { NatsConnection } from '@nats-io/transport-node';

/** What the broker takes as one message: its last word, since a connection that is lost for a moment knows none. */
export class PayloadLimit {
  readonly #connection: Pick<NatsConnection, 'info'>;
  #last = 0;

  constructor(connection: Pick<NatsConnection, 'info'>) {
    this.#connection = connection;
    this.#last = this.bytes;
  }

  get bytes(): number {
    return (this.#last = this.#connection.info?.max_payload ?? this.#last);
  }
}
