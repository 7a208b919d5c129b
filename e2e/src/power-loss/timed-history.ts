import type { Content } from '../faults/contents.ts';

/** What a key holds; `undefined`: nothing. */
export type Value = Content | undefined;

interface Change {
  /** Milliseconds since 1970. */
  readonly begun: number;
  acknowledged?: number;
  readonly value: Value;
}

export interface Answered {
  readonly requestId: string;
  readonly status: number;
  readonly what: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Clocks here tell milliseconds: an answer noted at `t` came before `t + 1`. */
const CLOCK_MS = 1;

/** What single writers did to their keys, and when each answer came. */
export class TimedHistory {
  readonly changes = new Map<string, Change[]>();
  readonly answers: Answered[] = [];

  begin(key: string, value: Value): () => void {
    const change: Change = { begun: Date.now(), value };
    const changes = this.changes.get(key);
    if (changes) changes.push(change);
    else this.changes.set(key, [change]);
    return () => (change.acknowledged = Date.now());
  }

  /** What a key may hold if the power failed at this moment: what was acknowledged last, or what was begun since. */
  possibleAt(key: string, moment: number): Value[] {
    const changes = (this.changes.get(key) ?? []).filter(({ begun }) => begun <= moment);
    const last = changes.findLastIndex(({ acknowledged }) => (acknowledged ?? Infinity) + CLOCK_MS <= moment);
    const since = changes.slice(last + 1).map(({ value }) => value);
    return [last < 0 ? undefined : changes[last]!.value, ...since];
  }

  /** Answers that had certainly come by then. */
  answeredBy(moment: number): Answered[] {
    return this.answers.filter(({ at }) => at + CLOCK_MS <= moment);
  }

  /** The keys of which something was certain by then. */
  acknowledgedBy(moment: number): number {
    const certain = ({ acknowledged }: Change) => (acknowledged ?? Infinity) + CLOCK_MS <= moment;
    return [...this.changes.values()].filter((changes) => changes.some(certain)).length;
  }
}
