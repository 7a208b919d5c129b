import type { BusClient } from '@coffer/bus';
import { identity as contracts } from '@coffer/contracts';

/** A time in which a gateway trusted what it knew of one epoch, on this process's monotonic clock in milliseconds. */
export interface Trust {
  readonly epoch: number;
  readonly from: number;
  until: number;
}

/** Holds a lease as the gateway does, and remembers when it trusted which epoch. */
export class LeaseHolder {
  readonly history: Trust[] = [];
  epoch = -1;
  readonly #bus: BusClient;
  readonly #name: string;

  constructor(bus: BusClient, name: string) {
    this.#bus = bus;
    this.#name = name;
  }

  /** @param lose how long the reply is under way, in milliseconds; Infinity: it gets lost. */
  async renew(lose = 0): Promise<void> {
    const asked = performance.now();
    const known = this.epoch;
    const reply = await this.#bus.call(contracts.lease, {
      gateway: this.#name,
      ...(known < 0 ? {} : { epoch: known }),
    });
    if (lose === Number.POSITIVE_INFINITY) return;
    if (lose > 0) await new Promise((resolve) => setTimeout(resolve, lose));
    if (reply.epoch < this.epoch) return;
    const now = performance.now();
    if (reply.epoch > this.epoch) {
      this.epoch = reply.epoch;
      for (const trust of this.history) trust.until = Math.min(trust.until, now);
    }
    this.history.push({ epoch: reply.epoch, from: now, until: asked + reply.leaseMs });
  }
}
