import { isFault } from '@coffer/contracts';

const PAUSE_MS = 200;

function isTransient(error: unknown): boolean {
  return isFault(error, 'Unavailable', 'Timeout');
}

/**
 * Makes one more attempt at a call that may be carried out twice: shortly after the first failed for a passing
 * reason, or when half the time is over without an answer. In the second case the first attempt stays valid, and
 * whichever answers first wins, so a slow answer is never thrown away.
 *
 * @param deadline milliseconds since the epoch; `attempt` has to settle by then.
 */
export function attemptTwice<T>(attempt: () => Promise<T>, deadline: number): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let pending = 0;
    let attempts = 0;
    let settled = false;
    let timer: NodeJS.Timeout | undefined;

    const settle = (finish: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      finish();
    };
    const failed = (error: unknown): void => {
      pending -= 1;
      if (!isTransient(error)) return settle(() => reject(error));
      if (attempts === 1) {
        const left = deadline - Date.now();
        if (left <= 1) return settle(() => reject(error));
        clearTimeout(timer);
        timer = setTimeout(launch, Math.min(PAUSE_MS, left / 2));
      } else if (pending === 0) settle(() => reject(error));
    };
    const launch = (): void => {
      if (settled || attempts === 2) return;
      attempts += 1;
      pending += 1;
      attempt().then((value) => settle(() => resolve(value)), failed);
    };

    launch();
    timer = setTimeout(launch, Math.max(1, (deadline - Date.now()) / 2));
  });
}
