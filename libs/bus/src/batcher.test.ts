import { setTimeout as sleep } from 'node:timers/promises';
import { contract, mustWait } from '@coffer/contracts';
import { describe, expect, it } from 'vitest';
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

/** A batcher, and what it sent when. Calls of keys that begin with `slow` wait if they are sent with no others. */
function batcher(slowMs: number) {
  const batches: { keys: string[]; at: number }[] = [];
  const started = performance.now();
  const subject = new Batcher(keyed, {
    send: async (_contract, envelopes): Promise<readonly Outcome[]> => {
      const keys = envelopes.map(({ message }) => (message as Message).key);
      batches.push({ keys, at: performance.now() - started });
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
    await Promise.all(rounds);
    expect(batches.map(({ keys }) => keys.length)).toEqual([200]);
    expect(subject.apart).toBe(0);
  });

  it('send calls that have to wait again with their key alone, and hold up nobody with them', async () => {
    const { subject, push, batches } = batcher(400);
    const calls = ['slow-a', 'prompt', 'slow-b', 'slow-a'].map((key) => push(key));
    const started = performance.now();
    expect(await calls[1]).toEqual({ reply: {} });
    expect(performance.now() - started).toBeLessThan(80);
    await sleep(20);
    expect(subject.apart).toBe(2);
    // While they wait, others of their key follow them, and others of other keys do not meet them.
    const more = push('slow-a');
    const others = Array.from({ length: 20 }, async (_, n) => await push(`prompt-${n}`));
    await Promise.all(others);
    expect(performance.now() - started).toBeLessThan(200);
    expect(await Promise.all([...calls, more])).toEqual(Array.from({ length: 5 }, () => ({ reply: {} })));
    expect(batches.map(({ keys }) => [keys.length, new Set(keys).size])).toEqual([
      [4, 3],
      [2, 1],
      [1, 1],
      [1, 1],
      [20, 20],
    ]);
    await expect.poll(() => subject.apart).toBe(0);
  });

  it('put a key apart of which alone two batches take long', async () => {
    const { subject, push, batches } = batcher(1_000);
    const slow = [push('slow')];
    await sleep(2);
    slow.push(push('slow'));
    await sleep(2);
    const started = performance.now();
    const queued = [push('slow'), push('prompt')];
    expect(await queued[1]).toEqual({ reply: {} });
    expect(performance.now() - started).toBeLessThan(200);
    // Not more than two of its batches are under way in the half second after which one gives its place away.
    await sleep(300);
    expect(batches.filter(({ keys }) => keys.every((key) => key === 'slow'))).toHaveLength(2);
    await Promise.all([...slow, ...queued]);
    await expect.poll(() => subject.apart).toBe(0);
  });

  it('forget a key whose calls were given up', async () => {
    const { subject, push } = batcher(300);
    const calls = [push('slow', 50), push('prompt')];
    await Promise.all(calls);
    expect(subject.apart).toBe(1);
    expect(await push('slow', 20)).toMatchObject({ fault: { code: 'Timeout' } });
    await expect.poll(() => subject.apart).toBe(0);
  });
});
