/** Faults that the bus itself raises; every caller must be ready for them. */
export type BusFaultCode = 'Timeout' | 'Unavailable' | 'NotUnderstood' | 'NotPermitted' | 'InvalidMessage' | 'Internal';

export interface FaultOptions {
  /** HTTP status that the gateway answers with when it passes this fault on to the client. */
  status?: number;
  /** Extra elements of the AWS error body, for example `BucketName`. */
  extras?: Record<string, string>;
  /** What the caller needs to go on, for example the fresh context behind `StaleContext`. Never shown to clients. */
  data?: unknown;
  /** Response headers that belong to the error, for example `x-amz-delete-marker`. */
  headers?: Record<string, string>;
}

/**
 * The one error that crosses the bus. Its code is either an AWS error code, shown to the client as it is, or one of
 * Coffer's own between services (`StaleContext`, `Timeout`, …), which the gateway handles and never shows.
 */
export class Fault extends Error {
  readonly code: string;
  readonly status: number;
  readonly extras: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly data: unknown;

  constructor(code: string, message: string, options: FaultOptions = {}) {
    super(message);
    this.name = 'Fault';
    this.code = code;
    this.status = options.status ?? 500;
    this.extras = options.extras ?? {};
    this.headers = options.headers ?? {};
    this.data = options.data;
  }
}

/**
 * What a receiver answers to an element of a batch of several keys (`batchBy`) that would have to wait, while the others
 * need not: nothing was done for it, and the bus sends it again in a batch of its key alone. No caller ever sees it.
 */
export function mustWait(): Fault {
  return new Fault('MustWait', 'This call would hold up others', { status: 503 });
}

export function isFault(error: unknown, ...codes: string[]): error is Fault {
  return error instanceof Fault && (codes.length === 0 || codes.includes(error.code));
}
