/** The line that one run of the load client prints. */
export interface ClientResult {
  readonly operation: string;
  readonly inFlight: number;
  /** Bytes of an object. */
  readonly size: number;
  readonly ops: number;
  readonly seconds: number;
  readonly opsPerSecond: number;
  readonly mibPerSecond: number;
  /** Keys and common prefixes listed. */
  readonly entriesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers of 503, where clients do not wait (`--rate`), and milliseconds that the slowest hundredth of all took. */
  readonly slowed?: number;
  readonly slowedP99Ms?: number;
  readonly errors: number;
  readonly errorSamples: readonly string[];
  readonly clientCpuSeconds: number;
  /** As above, with what came before measuring: bodies, hashes, warm-up. */
  readonly processCpuSeconds: number;
  /** Number of the first key that put or delete did not come to. */
  readonly nextNumber: number;
}

const NUMBERS = [
  'inFlight',
  'size',
  'ops',
  'seconds',
  'opsPerSecond',
  'mibPerSecond',
  'entriesPerSecond',
  'p50Ms',
  'p99Ms',
  'errors',
  'clientCpuSeconds',
  'processCpuSeconds',
  'nextNumber',
] as const;

/**
 * Reads the client's line.
 * @throws Error when it is not a whole result, when a request went wrong, or when nothing was done: no figure is made of that
 */
export function readResult(line: string): ClientResult {
  const parsed = JSON.parse(line) as ClientResult;
  for (const name of NUMBERS) {
    if (typeof parsed[name] !== 'number') throw new Error(`the load client's result has no ${name}: ${line}`);
  }
  if (parsed.errors > 0) {
    throw new Error(`${parsed.errors} requests went wrong (${parsed.operation}): ${parsed.errorSamples.join('; ')}`);
  }
  if (parsed.ops === 0) throw new Error(`not one ${parsed.operation} was done`);
  return parsed;
}
