import { Fault } from '@coffer/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RetryBudget } from './retry-budget.ts';
import { attemptAgain } from './retry.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const unavailable = (): Promise<never> => Promise.reject(new Fault('Unavailable', 'nobody'));
const never = (): Promise<never> => new Promise(() => undefined);

/** Runs a call whose attempts do what `steps` says, the last step again and again; tells when each began. */
function call(steps: (() => Promise<string>)[], timeoutMs: number, budget = new RetryBudget()) {
  const started = Date.now();
  const times: number[] = [];
  const deadline = started + timeoutMs;
  const attempt = async (): Promise<string> => {
    const step = steps[Math.min(times.length, steps.length - 1)] ?? never;
    times.push(Date.now() - started);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Fault('Timeout', 'late')), deadline - Date.now());
    });
    return await Promise.race([step(), late]).finally(() => clearTimeout(timer));
  };
  const outcome = attemptAgain(attempt, deadline, budget).catch((error: Fault) => error.code);
  return { times, outcome };
}

describe('calls that are sent again', () => {
  it('asks three times at most when no answer comes', async () => {
    const { times, outcome } = call([never], 15_000);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await outcome).toBe('Timeout');
    expect(times).toEqual([0, 2_000, 6_000]);
  });

  it('divides a short time', async () => {
    const { times, outcome } = call([never], 400);
    await vi.advanceTimersByTimeAsync(400);
    expect(await outcome).toBe('Timeout');
    expect(times).toEqual([0, 200, 300]);
  });

  it('is more patient with calls that are given long', async () => {
    const { times } = call([never], 600_000);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(times).toEqual([0, 30_000, 90_000]);
  });

  it('takes the answer of an earlier attempt', async () => {
    const slow = (): Promise<string> => new Promise((resolve) => setTimeout(() => resolve('first'), 5_000));
    const { times, outcome } = call([slow, never], 15_000);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await outcome).toBe('first');
    expect(times).toEqual([0, 2_000]);
  });

  it('goes on asking while the receiver that has the call is gone and no other is there yet', async () => {
    let back = false;
    const later = (): Promise<string> => (back ? Promise.resolve('again') : unavailable());
    const { times, outcome } = call([never, later], 15_000);
    await vi.advanceTimersByTimeAsync(3_500);
    back = true;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await outcome).toBe('again');
    expect(times).toEqual([0, 2_000, 2_200, 2_600, 3_400, 4_400]);
  });

  it('tells soon that nobody is there', async () => {
    const { times, outcome } = call([unavailable], 15_000);
    await vi.advanceTimersByTimeAsync(200);
    expect(await outcome).toBe('Unavailable');
    expect(times).toEqual([0, 200]);
  });

  it('sends a call again at once when its connection was lost, and then waits for that one', async () => {
    const lost = (): Promise<never> => Promise.reject(new Fault('Timeout', 'lost'));
    const { times, outcome } = call([lost, never], 15_000);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await outcome).toBe('Timeout');
    expect(times).toEqual([0, 200, 2_200]);
  });

  it('does not multiply the load on a receiver that is slow', async () => {
    const budget = new RetryBudget();
    const calls = Array.from({ length: 5_000 }, () => call([never], 15_000, budget));
    await vi.advanceTimersByTimeAsync(15_000);
    const attempts = calls.reduce((sum, { times }) => sum + times.length, 0);
    expect(attempts).toBe(5_000 + 256);
    // A calm time earns repetitions anew.
    const calm = Array.from({ length: 100 }, () => call([() => Promise.resolve('ok')], 15_000, budget));
    await Promise.all(calm.map(({ outcome }) => outcome));
    const after = Array.from({ length: 100 }, () => call([never], 15_000, budget));
    await vi.advanceTimersByTimeAsync(15_000);
    expect(after.reduce((sum, { times }) => sum + times.length, 0)).toBe(100 + 20);
  });
});
