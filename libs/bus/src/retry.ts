import { isFault } from '@coffer/contracts';
import type { RetryBudget } from './retry-budget.ts';

/** Attempts that a receiver may have taken: the first, and two more. */
const MAX_TAKEN = 3;
/** How long an answer is waited for before the call is sent again beside it; twice that before the third time. */
const PATIENCE_MS = 2_000;
/** Calls that are given long take long: none is sent again before this part of its time is over. */
const PATIENCE_PART = 1 / 20;
const PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 1_000;

function isTransient(error: unknown): boolean {
  return isFault(error, 'Unavailable', 'Timeout');
}

/**
 * Makes up to two more attempts at a call that may be carried out several times.
 *
 * - After a failure that passes (`Unavailable`, a lost connection): shortly afterwards, once. While an earlier attempt
 *   is still without an answer, `Unavailable` only tells that its receiver is gone and no other is there yet: then it
 *   is asked again until one is.
 * - Without an answer: after two seconds and four seconds later, or when half of what is left of a shorter time is over.
 *   Earlier attempts stay valid and the first answer wins, so a slow answer is never thrown away. The budget limits
 *   these, since an answer may also be late because there is too much to do.
 *
 * @param deadline milliseconds since the epoch; `attempt` has to settle by then.
 */
export function attemptAgain<T>(attempt: () => Promise<T>, deadline: number, budget: RetryBudget): Promise<T> {
  budget.earn();
  return new Promise<T>((resolve, reject) => new Attempts(attempt, deadline, budget, resolve, reject).launch());
}

class Attempts<T> {
  readonly #attempt: () => Promise<T>;
  readonly #deadline: number;
  readonly #budget: RetryBudget;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  readonly #started = Date.now();
  #patience: number;
  #pause = PAUSE_MS;
  #pending = 0;
  #taken = 0;
  #failedAlone = false;
  #settled = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    attempt: () => Promise<T>,
    deadline: number,
    budget: RetryBudget,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ) {
    this.#attempt = attempt;
    this.#deadline = deadline;
    this.#budget = budget;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#patience = Math.max(PATIENCE_MS, (deadline - this.#started) * PATIENCE_PART);
  }

  launch(): void {
    if (this.#settled) return;
    this.#pending += 1;
    this.#taken += 1;
    if (this.#taken < MAX_TAKEN) this.#waitForAnswer();
    this.#attempt().then(
      (value) => this.#settle(() => this.#resolve(value)),
      (error: unknown) => this.#failed(error),
    );
  }

  #waitForAnswer(): void {
    const left = this.#deadline - Date.now();
    if (left <= 1) return;
    this.#after(Math.min(this.#patience, left / 2), () => {
      this.#patience *= 2;
      if (this.#budget.spend()) this.launch();
      else this.#waitForAnswer();
    });
  }

  #failed(error: unknown): void {
    this.#pending -= 1;
    if (this.#settled) return;
    const left = this.#deadline - Date.now();
    if (!isTransient(error) || (left <= 1 && this.#pending === 0)) return this.#settle(() => this.#reject(error));
    const nobodyTookIt = isFault(error, 'Unavailable');
    if (this.#pending > 0) {
      // Others may still be answered. One that nobody took costs its receiver nothing, so it does not count.
      if (!nobodyTookIt || left <= 1) return;
      this.#taken -= 1;
      this.#after(Math.min(this.#pause, left / 2), () => this.launch());
      this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
    } else if (this.#failedAlone || this.#taken === MAX_TAKEN) this.#settle(() => this.#reject(error));
    else {
      this.#failedAlone = true;
      this.#after(Math.min(PAUSE_MS, left / 2), () => this.launch());
    }
  }

  #after(milliseconds: number, next: () => void): void {
    clearTimeout(this.#timer);
    if (!this.#settled) this.#timer = setTimeout(next, Math.max(1, milliseconds));
  }

  #settle(finish: () => void): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    finish();
  }
}
