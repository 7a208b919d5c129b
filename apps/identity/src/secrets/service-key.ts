import type { BusClient } from '@coffer/bus';
import { Fault, kms } from '@coffer/contracts';
import { type Logger, waitFor } from '@coffer/service-kit';

/** Milliseconds that a call waits for the key service, when both start together; the bus may then try again. */
const PATIENCE_MS = 1_000;

/** The key that wraps what identity keeps secret. */
export interface WrappingKey {
  /** Names the key inside what it wraps. */
  readonly keyId: string;
  /** 32 bytes; belongs to {@link ServiceKey}. */
  readonly key: Uint8Array;
}

/** Fetches identity's key from the key service, for as long as it takes, and holds it in memory alone. */
export class ServiceKey {
  readonly #giveUp = new AbortController();
  readonly #fetched: Promise<WrappingKey>;
  #key: WrappingKey | undefined;

  constructor(bus: BusClient, logger: Logger) {
    const { signal } = this.#giveUp;
    this.#fetched = waitFor('the key service', () => bus.call(kms.serviceKey.identity, {}, { signal }), {
      logger,
      signal,
    }).then((released) => {
      const key = { keyId: released.keyId, key: Buffer.from(released.key) };
      released.key.fill(0);
      if (signal.aborted) key.key.fill(0);
      else this.#key = key;
      return key;
    });
    this.#fetched.catch(() => undefined);
  }

  /** Resolves when the key is there. @throws when the service was stopped meanwhile */
  async fetched(): Promise<void> {
    await this.#fetched;
  }

  /** What keeps the service from being ready, or undefined when the key is there. */
  get problem(): string | undefined {
    return this.#key === undefined ? 'The key service has not released the key of identity yet.' : undefined;
  }

  /** @throws Fault `Unavailable` (503) when the key is not there in time. */
  async get(): Promise<WrappingKey> {
    if (this.#key !== undefined) return this.#key;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS);
    });
    await Promise.race([
      this.#fetched.then(
        () => undefined,
        () => undefined,
      ),
      tooLate,
    ]);
    clearTimeout(timer);
    if (this.#key === undefined) throw new Fault('Unavailable', 'The key service does not answer.', { status: 503 });
    return this.#key;
  }

  destroy(): void {
    this.#giveUp.abort();
    this.#key?.key.fill(0);
    this.#key = undefined;
  }
}
