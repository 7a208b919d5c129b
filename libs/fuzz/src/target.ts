import type * as fc from 'fast-check';

/** One reader of what comes from outside, with what is known about its input and demanded of its behaviour. */
export interface FuzzTarget {
  readonly name: string;
  /** Folder of small files that are inputs, good and bad ones; regressions are added there. */
  readonly corpus: URL;
  /** Folders or files whose coverage a run prints, as paths from the workspace root. */
  readonly parsers: readonly string[];
  /** Longest input, in bytes, where something before the reader bounds it; 256 KiB unless told. */
  readonly most?: number;
  /** Pieces that mean something to the reader. */
  readonly tokens: readonly string[];
  /** Inputs made from a grammar, beside those that are mutated from the corpus. */
  readonly structured?: fc.Arbitrary<Uint8Array>;
  /** Outcomes that every run must have seen: a reader that refuses everything holds every other property. */
  readonly mustSee: readonly string[];
  /** Longest time that one input may keep a thread busy, in milliseconds; 1000 unless told. */
  readonly limitMs?: number;
  /** Memory that is watched, in bytes; the heap of the run itself unless told. */
  memory?(): number;
  /** How much of it may stay after a run, in bytes; 12 MiB unless told. */
  readonly growth?: number;
  /** What the target needs before its first input, and how it ends. */
  start?(): Promise<() => Promise<void>>;
  /**
   * Reads one input and says in a word how that ended ("read", or the code of a refusal). Throws when the reader threw
   * anything but what it is documented to throw, or when a property does not hold.
   */
  run(input: Buffer): string | Promise<string>;
}

/** Throws when a property does not hold. */
export function expectation(holds: boolean, words: string): asserts holds {
  if (!holds) throw new Error(`property: ${words}`);
}
