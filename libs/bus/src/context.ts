import type { ServiceName } from '@coffer/contracts';
import type { CallContext } from './handler.ts';

/** The signal costs a timer, so it is made only for handlers that look at it. */
export class Context implements CallContext {
  readonly deadline: number;
  declare readonly traceparent?: string;
  declare readonly caller?: ServiceName;
  #signal: AbortSignal | undefined;

  constructor(deadline: number, caller: ServiceName, traceparent: string | undefined) {
    this.deadline = deadline;
    this.caller = caller;
    if (traceparent !== undefined) this.traceparent = traceparent;
  }

  get signal(): AbortSignal {
    this.#signal ??= AbortSignal.timeout(Math.max(0, this.deadline - Date.now()));
    return this.#signal;
  }
}
