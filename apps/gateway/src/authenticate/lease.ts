import { identity, s3Error } from '@coffer/contracts';
import type { BusClient } from '@coffer/bus';
import type { Logger } from '@coffer/service-kit';
import { Coalesced } from '../coalesce.ts';

const RENEW_EVERY_MS = 250;
/** What is left of a lease when it no longer counts: a decision taken just before the end must still be in time. */
const MARGIN_MS = 50;

export interface LeaseListener {
  /** `accounts` undefined: everything may have changed. */
  forget(accounts: readonly string[] | undefined): void;
}

/**
 * The right to trust what is cached of identity. It counts from the moment of *asking*, never from that of the reply,
 * so that identity, which counts from the moment of answering, always thinks it runs longer than it does.
 */
export class IdentityLease {
  epoch = -1;
  private until = 0;
  private readonly renewal = new Coalesced(() => this.ask());
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly bus: BusClient,
    private readonly gateway: string,
    private readonly listener: LeaseListener,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.unsubscribe = this.bus.subscribe(identity.changed, ({ epoch }) => {
      if (epoch > this.epoch) void this.renew().catch(() => undefined);
    });
    const beat = () => {
      void this.renew()
        .catch((error: unknown) => this.log.debug({ error }, 'identity did not renew the lease'))
        .finally(() => {
          if (this.unsubscribe) this.timer = setTimeout(beat, RENEW_EVERY_MS).unref();
        });
    };
    beat();
  }

  stop(): void {
    this.unsubscribe?.();
    this.unsubscribe = undefined;
    clearTimeout(this.timer);
  }

  valid(): boolean {
    return performance.now() < this.until;
  }

  /** Returns when the lease holds; fails closed with 503 when identity cannot be asked. */
  async hold(): Promise<void> {
    if (this.valid()) return;
    try {
      await this.renew();
    } catch (error) {
      throw s3Error('ServiceUnavailable', {}, { cause: error } as object);
    }
    if (!this.valid()) throw s3Error('ServiceUnavailable');
  }

  /** A hint during a renewal starts another one after it: the first may have been answered before the change. */
  private renew(): Promise<void> {
    return this.renewal.ask();
  }

  private async ask(): Promise<void> {
    const asked = performance.now();
    const known = this.epoch;
    const reply = await this.bus.call(identity.lease, {
      gateway: this.gateway,
      ...(known >= 0 ? { epoch: known } : {}),
    });
    if (reply.epoch > this.epoch) {
      this.listener.forget(known >= 0 ? reply.changedAccounts : undefined);
      this.epoch = reply.epoch;
      // Naming the new epoch is what tells identity that nothing older is trusted here: whoever made the change waits.
      if (known >= 0) void this.renew().catch(() => undefined);
    }
    if (reply.epoch === this.epoch) this.until = Math.max(this.until, asked + reply.leaseMs - MARGIN_MS);
  }
}
