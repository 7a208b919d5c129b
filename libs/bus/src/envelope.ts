import type { Contract, Fault } from '@coffer/contracts';

/** One message under way, with what its receiver must know about it. */
export interface Envelope {
  readonly message: unknown;
  /** Milliseconds that are left. Relative, so that clocks of two hosts need not agree. */
  readonly timeoutMs: number;
  readonly traceparent?: string;
  /** Members present in `message` that the receiver must know, else it refuses. */
  readonly must: readonly string[];
}

export type Outcome = { readonly reply: unknown } | { readonly fault: Fault };

/** How a transport brings envelopes of one contract to a receiver and their outcomes back, in the same order. */
export interface Carrier {
  /** Settles no later than `timeoutMs`. Rejects with a `Fault` when all envelopes failed together. */
  send(contract: Contract, envelopes: readonly Envelope[], timeoutMs: number): Promise<readonly Outcome[]>;
}

/** How a transport brings one envelope to every receiver there is. */
export interface CarrierToAll {
  /** Settles when `expected` outcomes have come, else after `timeoutMs` with those that have; with none when nobody is there. */
  sendToAll(contract: Contract, envelope: Envelope, timeoutMs: number, expected: number): Promise<readonly Outcome[]>;
}
