import type { z } from 'zod';

/** Every process that has a bus user of its own. `operator` is the person at the command line. */
export const services = ['gateway', 'identity', 'object-storage', 'kms', 'governance', 'audit', 'operator'] as const;
export type ServiceName = (typeof services)[number];

/**
 * What two processes agree on for one call. The subject is `coffer.v1.<service>.<operation>`.
 *
 * `callers` is the wall between services: the bus permissions that ship are generated from it, so a service that is
 * not named here cannot publish on the subject at all.
 */
export interface Contract<Request = unknown, Reply = unknown> {
  readonly service: ServiceName;
  readonly operation: string;
  readonly subject: string;
  readonly request: z.ZodType<Request>;
  readonly reply: z.ZodType<Reply>;
  /** Fault codes that the caller must be ready for, next to those of the bus itself (`BusFaultCode`). */
  readonly faults: readonly string[];
  /** Deadline in milliseconds when the caller sets none. */
  readonly timeoutMs: number;
  /** `safe`: the bus may send it again after a lost reply. `never`: the caller decides. */
  readonly retry: 'safe' | 'never';
  /** Top-level fields that change what the call means: a receiver that does not know one of them must refuse. */
  readonly mustUnderstand: readonly string[];
  /** Calls of this kind gather while two are under way and travel as one message; each keeps its own result. */
  readonly batched: boolean;
  /**
   * For calls that may have to wait, for example for a lock: what those with one key wait for holds up no other key. A
   * receiver carries out a batch of several keys without waiting and answers `mustWait` to the elements for which it would
   * have to; those are sent again, with others of their key alone.
   */
  batchBy?(message: Request): string;
  readonly callers: readonly ServiceName[];
  /** Every process of the service takes each message, not one of them: for questions to all replicas. */
  readonly toAll: boolean;
}

export type RequestOf<C> = C extends Contract<infer Request, infer _Reply> ? Request : never;
export type ReplyOf<C> = C extends Contract<infer _Request, infer Reply> ? Reply : never;

export interface ContractOptions<Request, Reply> {
  request: z.ZodType<Request>;
  reply: z.ZodType<Reply>;
  callers: readonly ServiceName[];
  faults?: readonly string[];
  timeoutMs?: number;
  retry?: 'safe' | 'never';
  mustUnderstand?: readonly string[];
  batched?: boolean;
  batchBy?(message: Request): string;
  toAll?: boolean;
}

const DEFAULT_TIMEOUT_MS = 5_000;

export function contract<Request, Reply>(
  service: ServiceName,
  operation: string,
  options: ContractOptions<Request, Reply>,
): Contract<Request, Reply> {
  const { batchBy } = options;
  if (batchBy && !options.batched) throw new TypeError(`${service}.${operation} has a batch key, but is not batched`);
  if (options.toAll && options.batched)
    throw new TypeError(`${service}.${operation} goes to all, so it is not batched`);
  return Object.freeze({
    service,
    operation,
    subject: `coffer.v1.${service}.${operation}`,
    request: options.request,
    reply: options.reply,
    faults: options.faults ?? [],
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    retry: options.retry ?? 'never',
    mustUnderstand: options.mustUnderstand ?? [],
    batched: options.batched ?? false,
    callers: options.callers,
    toAll: options.toAll ?? false,
    ...(batchBy ? { batchBy } : {}),
  });
}

/** A broadcast: every subscriber gets it, nobody answers, and losing one must do no harm (it is a hint). */
export interface BusEvent<Message = unknown> {
  readonly service: ServiceName;
  readonly name: string;
  readonly subject: string;
  readonly message: z.ZodType<Message>;
  readonly listeners: readonly ServiceName[];
}

export function event<Message>(
  service: ServiceName,
  name: string,
  message: z.ZodType<Message>,
  listeners: readonly ServiceName[],
): BusEvent<Message> {
  return Object.freeze({ service, name, subject: `coffer.v1.${service}.event.${name}`, message, listeners });
}
