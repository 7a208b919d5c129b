/** What each call adds to the budget. */
const EARNED = 0.1;
/** Enough for all calls that a process which died may have had in hand, and for one batch of them. */
const MOST = 256;

/**
 * How many calls of one kind may be sent again for want of an answer. Each call earns a tenth of a repetition, so a
 * receiver that is slow because it has too much to do is asked for a tenth more at most, not for a multiple.
 */
export class RetryBudget {
  #left = MOST;

  earn(): void {
    this.#left = Math.min(MOST, this.#left + EARNED);
  }

  /** Whether there is one left; it is then spent. */
  spend(): boolean {
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
