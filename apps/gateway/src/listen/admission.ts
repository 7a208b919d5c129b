/** No request shall wait longer than about this for those before it. */
const SOON_MS = 250;
/** So many may wait whatever the rate: clients come in bursts, and a slow moment is no overload. */
const MIN_WAITING = 256;
const RATE_EVERY_MS = 500;
/** What is not answered by then waits for something else than its turn: a slow client, a long copy, a service that is away. */
const TURN_MS = 2_000;

/** The place of one request. */
export interface Place {
  /** From here on it moves bytes, at its client's pace: it keeps nobody waiting any more. */
  transfers(): void;
  leave(): void;
}

/**
 * Decides at once whether there is room for a request. Two bounds:
 *
 * - all requests under way, those of slow clients included;
 * - those that wait for their answer. What is answered in a second says how many can wait without waiting long; more are
 *   turned away while that still costs next to nothing. Otherwise a queue would grow until every client gave up, and the
 *   work would be done for nobody.
 */
export class Admission {
  private under = 0;
  /** Those that wait, the oldest first. */
  private readonly waiting = new Set<{ readonly since: number }>();
  private answered = 0;
  private since = performance.now();
  private perSecond = 0;

  /** @param most requests under way at once */
  constructor(private readonly most: number) {}

  /** How many requests are under way. */
  get inFlight(): number {
    return this.under;
  }

  /**
   * @param transfers the request begins with a body of more than a moment
   * @returns undefined when there is no room
   */
  enter(transfers: boolean): Place | undefined {
    const now = performance.now();
    if (this.under >= this.most || (!transfers && !this.mayWait(now))) return undefined;
    this.under += 1;
    const turn = { since: now };
    if (!transfers) this.waiting.add(turn);
    const stopWaiting = (): void => {
      if (this.waiting.delete(turn)) this.answered += 1;
    };
    let here = true;
    return {
      transfers: stopWaiting,
      leave: () => {
        stopWaiting();
        if (here) this.under -= 1;
        here = false;
      },
    };
  }

  private mayWait(now: number): boolean {
    const elapsed = now - this.since;
    if (elapsed >= RATE_EVERY_MS) {
      this.perSecond = (this.answered * 1000) / elapsed;
      this.answered = 0;
      this.since = now;
    }
    const most = Math.max(MIN_WAITING, (this.perSecond * SOON_MS) / 1000);
    if (this.waiting.size < most) return true;
    for (const turn of this.waiting) {
      if (now - turn.since < TURN_MS) break;
      this.waiting.delete(turn);
    }
    return this.waiting.size < most;
  }
}
