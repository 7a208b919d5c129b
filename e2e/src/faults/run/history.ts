/** What one client asked of one key, as the checker of linearizability reads it (`e2e/linearizability/operation.go`). */
export interface Operation {
  /** Bucket and key. */
  readonly key: string;
  readonly client: number;
  readonly kind: 'read' | 'not' | 'write' | 'create' | 'replace';
  /** The name of a value; empty for none. */
  readonly value: string;
  readonly expect?: string;
  /** Microseconds of `now`. */
  readonly start: number;
  /** Null when there was no answer, or one that leaves open what happened. */
  readonly end: number | null;
  readonly what: string;
}

/** A call that got no answer, or 5xx. */
export interface Failure {
  readonly start: number;
  readonly end: number;
  readonly what: string;
  readonly reason: string;
}

/** Microseconds since the process began. */
export function now(): number {
  return Math.round(performance.now() * 1000);
}

export class History {
  operations: Operation[] = [];
  readonly failures: Failure[] = [];
  /** What is wrong by itself, whatever else happened. */
  readonly problems: string[] = [];
  /** Calls by name, with how they ended. */
  readonly counts = new Map<string, { done: number; refused: number; unknown: number }>();

  /** Takes out the operations on keys with these prefixes. */
  take(...prefixes: readonly string[]): Operation[] {
    const taken: Operation[] = [];
    const left: Operation[] = [];
    for (const operation of this.operations)
      (prefixes.some((prefix) => operation.key.startsWith(prefix)) ? taken : left).push(operation);
    this.operations = left;
    return taken;
  }

  count(what: string, how: 'done' | 'refused' | 'unknown'): void {
    const counts = this.counts.get(what) ?? { done: 0, refused: 0, unknown: 0 };
    counts[how] += 1;
    this.counts.set(what, counts);
  }
}
