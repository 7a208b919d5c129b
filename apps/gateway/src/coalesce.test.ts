import { describe, expect, it } from 'vitest';
import { Coalesced } from './coalesce.ts';

/** Work whose runs end when the test says so. */
function controlled() {
  const runs: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
  const coalesced = new Coalesced(
    () =>
      new Promise<number>((resolve, reject) => {
        runs.push({ resolve, reject });
      }),
  );
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { runs, coalesced, settled };
}

describe('Coalesced', () => {
  it('begins at once when nothing runs', async () => {
    const { runs, coalesced } = controlled();
    expect(coalesced.idle).toBe(true);
    const first = coalesced.ask();
    expect(runs).toHaveLength(1);
    expect(coalesced.idle).toBe(false);
    runs[0]!.resolve(1);
    expect(await first).toBe(1);
    expect(coalesced.idle).toBe(true);
  });

  it('gives a thousand who ask during a run ONE further run, that began after they asked', async () => {
    const { runs, coalesced, settled } = controlled();
    const first = coalesced.ask();
    const later = Array.from({ length: 1000 }, () => coalesced.ask());
    expect(runs).toHaveLength(1);
    runs[0]!.resolve(1);
    await settled();
    expect(runs).toHaveLength(2);
    runs[1]!.resolve(2);
    expect(await first).toBe(1);
    expect(new Set(await Promise.all(later))).toEqual(new Set([2]));
    await settled();
    expect(runs).toHaveLength(2);
  });

  it('does not answer who asks during the second run with that run', async () => {
    const { runs, coalesced, settled } = controlled();
    void coalesced.ask();
    const second = coalesced.ask();
    runs[0]!.resolve(1);
    await settled();
    const third = coalesced.ask();
    runs[1]!.resolve(2);
    await settled();
    expect(runs).toHaveLength(3);
    runs[2]!.resolve(3);
    expect([await second, await third]).toEqual([2, 3]);
  });

  it('a failure is for those of its own run; the next ones get another', async () => {
    const { runs, coalesced, settled } = controlled();
    const first = coalesced.ask();
    const second = coalesced.ask();
    runs[0]!.reject(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await settled();
    runs[1]!.resolve(2);
    expect(await second).toBe(2);
    await settled();
    expect(coalesced.idle).toBe(true);
  });

  it('a failure of the shared run reaches all who wait for it, at once', async () => {
    const { runs, coalesced, settled } = controlled();
    const first = coalesced.ask();
    const waiting = Array.from({ length: 20 }, () => coalesced.ask());
    const outcome = Promise.allSettled(waiting);
    runs[0]!.resolve(1);
    await first;
    await settled();
    runs[1]!.reject(new Error('away'));
    expect((await outcome).every(({ status }) => status === 'rejected')).toBe(true);
    expect(runs).toHaveLength(2);
    expect(coalesced.idle).toBe(true);
  });
});
