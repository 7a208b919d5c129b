import { AsyncLocalStorage } from 'node:async_hooks';
import type { Contract, Fault } from '@coffer/contracts';

const VALID = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const storage = new AsyncLocalStorage<string>();

/** Whether this is a W3C trace context of version 00. */
export function isTraceparent(value: string | undefined): value is string {
  return value !== undefined && VALID.test(value);
}

/** The W3C trace context of the code that runs now; every call made from here carries it on. */
export function currentTraceparent(): string | undefined {
  return storage.getStore();
}

export function withTraceparent<T>(traceparent: string | undefined, work: () => T): T {
  return traceparent === undefined ? work() : storage.run(traceparent, work);
}

export interface ObservedCall {
  readonly side: 'client' | 'server';
  readonly contract: Contract;
  /** The parent's trace context. */
  readonly traceparent?: string;
}

export interface CallObservation {
  /** Trace context that takes the place of the parent's from here on. */
  readonly traceparent?: string;
  end(fault?: Fault): void;
}

/** Is told of every call of this process, both sides. Must not throw. */
export type CallObserver = (call: ObservedCall) => CallObservation | undefined;

const observers = new Set<CallObserver>();

/** Returns the function that takes the observer away again. */
export function observeCalls(observer: CallObserver): () => void {
  observers.add(observer);
  return () => void observers.delete(observer);
}

/** Tells all observers; undefined when there is none, so that a process without them pays nothing. */
export function observe(call: ObservedCall): CallObservation | undefined {
  if (observers.size === 0) return undefined;
  let traceparent = call.traceparent;
  const running: CallObservation[] = [];
  for (const observer of observers) {
    const observation = observer(call);
    if (!observation) continue;
    traceparent = observation.traceparent ?? traceparent;
    running.push(observation);
  }
  return {
    ...(traceparent === undefined ? {} : { traceparent }),
    end: (fault) => {
      for (const observation of running) observation.end(fault);
    },
  };
}
