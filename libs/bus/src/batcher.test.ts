import { contract, mustWait } from '@coffer/contracts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { Batcher } from './batcher.ts';
import type { Outcome } from './envelope.ts';

interface Message {
  key: string;
}

const keyed = contract('identity', 'keyed', {
  request: z.object({ key: z.string() }),
  reply: z.object({}),
  callers: ['gateway'],
  batched: true,
  batchBy: ({ key }) => key,
});

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Lets the clock go on until the promise is settled. */
async function settled<T>(promise: Promise<T>): Promise<T> {
  const clock = { goesOn: true };
  const stop = (): void => {
    clock.goesOn = false;
  };
  promise.then(stop, stop);
  while (clock.goesOn) await vi.advanceTimersByTimeAsync(1);
  return await promise;
}

/** Milliseconds since the clock was made, which goes on only when a test says so. */
const now = (): number => Date.now();

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A batcher, and what it sent. Calls of keys that begin with `slow` wait if they are sent with no others. */
function batcher(slowMs: number) {
  const batches: string[][] = [];
  const subject = new Batcher(keyed, {
    send: async (_contract, envelopes): Promise<readonly Outcome[]> => {
      const keys = envelopes.map(({ message }) => (message as Message).key);
      batches.push(keys);
      const isMixed = new Set(keys).size > 1;
      await sleep(!isMixed && keys[0]?.startsWith('slow') ? slowMs : 5);
      return keys.map((key) => (isMixed && key.startsWith('slow') ? { fault: mustWait() } : { reply: {} }));
    },
  });
  const push = (key: string, timeoutMs = 5_000): Promise<Outcome> =>
    subject.push({ message: { key }, must: [], deadline: Date.now() + timeoutMs });
  return { subject, push, batches };
}

describe('batches by key', () => {
  it('gather over all keys while none of them has to wait', async () => {
    const { subject, push, batches } = batcher(0);
    const rounds = Array.from({ length: 4 }, () =>
      Promise.all(Array.from({ length: 50 }, (_, key) => push(`k${key}`))),
    );
    await settled(Promise.all(rounds));
    expect(batches.map((keys) => keys.length)).toEqual([200]);
    expect(subject.apart).toBe(0);
  });

  it('send calls that have to wait again with their key alone, and hold up nobody with them', async () => {
    const { subject, push, batches } = batcher(400);
    const calls = ['slow-a', 'prompt', 'slow-b', 'slow-a'].map((key) => push(key));
    expect(await settled(calls[1]!)).toEqual({ reply: {} });
    expect(now()).toBe(5);
    await vi.advanceTimersByTimeAsync(20);
    expect(subject.apart).toBe(2);
    // While they wait, others of their key follow them, and others of other keys do not meet them.
    const more = push('slow-a');
    await settled(Promise.all(Array.from({ length: 20 }, async (_, n) => await push(`prompt-${n}`))));
    expect(now()).toBe(30);
    expect(await settled(Promise.all([...calls, more]))).toEqual(Array.from({ length: 5 }, () => ({ reply: {} })));
    expect(batches.map((keys) => [keys.length, new Set(keys).size])).toEqual([
      [4, 3],
      [2, 1],
      [1, 1],
      [20, 20],
      [1, 1],
    ]);
    expect(subject.apart).toBe(0);
  });

  it('put a key apart of which alone two batches take long', async () => {
    const { subject, push, batches } = batcher(1_000);
    const slow = [push('slow')];
    await vi.advanceTimersByTimeAsync(25);
    slow.push(push('slow'));
    await vi.advanceTimersByTimeAsync(25);
    const waits = push('prompt');
    expect(await settled(waits)).toEqual({ reply: {} });
    // The first batch left the common lane after 100 ms.
    expect(now()).toBe(106);
    await vi.advanceTimersByTimeAsync(24);
    const queued = [push('slow'), push('prompt')];
    expect(await settled(queued[1]!)).toEqual({ reply: {} });
    expect(now()).toBeLessThan(140);
    // Not more than two of its batches are under way in the half second after which one gives its place away.
    await vi.advanceTimersByTimeAsync(300);
    expect(batches.filter((keys) => keys.every((key) => key === 'slow'))).toHaveLength(2);
    await settled(Promise.all([...slow, ...queued]));
    expect(subject.apart).toBe(0);
  });

  it('wait for the batch under way, but not for long', async () => {
    const { push, batches } = batcher(1_000);
    const first = push('slow');
    await vi.advanceTimersByTimeAsync(5);
    const next = push('prompt');
    await vi.advanceTimersByTimeAsync(5);
    expect(batches).toEqual([['slow']]);
    expect(await settled(next)).toEqual({ reply: {} });
    expect(now()).toBeLessThan(30);
    await settled(first);
  });

  it('forget a key whose calls were given up', async () => {
    const { subject, push } = batcher(300);
    const calls = [push('slow', 50), push('prompt')];
    await settled(Promise.all(calls));
    expect(subject.apart).toBe(1);
    expect(await settled(push('slow', 20))).toMatchObject({ fault: { code: 'Timeout' } });
    await vi.advanceTimersByTimeAsync(600);
    expect(subject.apart).toBe(0);
  });
});
