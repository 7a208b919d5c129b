import type { Contract, Fault, ServiceName } from '@coffer/contracts';

export interface CallContext {
  /** W3C trace context of the caller. */
  readonly traceparent?: string;
  /** Milliseconds since the epoch; for a batch the latest of its elements. */
  readonly deadline: number;
  /** Aborted at the deadline. */
  readonly signal: AbortSignal;
  /** Who asks. On NATS the broker vouches for it: the subject carries it, and each user may publish only its own. */
  readonly caller?: ServiceName;
}

export type Handler<Request, Reply> = (message: Request, context: CallContext) => Promise<Reply>;
export type BatchHandler<Request, Reply> = (messages: Request[], context: CallContext) => Promise<(Reply | Fault)[]>;

/** A handler with its contract. The message has passed the contract's schema before the handler sees it. */
export type Registration =
  | { readonly contract: Contract; readonly batch: false; readonly handler: Handler<unknown, unknown> }
  | { readonly contract: Contract; readonly batch: true; readonly handler: BatchHandler<unknown, unknown> };

export function handle<Request, Reply>(
  contract: Contract<Request, Reply>,
  handler: Handler<Request, Reply>,
): Registration {
  return { contract, batch: false, handler: handler as Handler<unknown, unknown> };
}

/**
 * All elements of a batch at once. The handler returns one result per message, in their order: a reply, or a `Fault`
 * for that element alone. What it throws fails the whole batch. Only for contracts with `batched: true`.
 */
export function handleBatch<Request, Reply>(
  contract: Contract<Request, Reply>,
  handler: BatchHandler<Request, Reply>,
): Registration {
  if (!contract.batched) throw new TypeError(`${contract.subject} is not a batched contract`);
  return { contract, batch: true, handler: handler as BatchHandler<unknown, unknown> };
}
