import { setTimeout as sleep } from 'node:timers/promises';
import { contract } from '@coffer/contracts';
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

/** A batcher whose batches take as long as `takes` says for their key, and what was sent when. */
function batcher(takes: (key: string) => number) {
  const batches: { key: string; size: number; at: number }[] = [];
  const underWay = { now: 0, most: 0 };
  const started = performance.now();
  const subject = new Batcher(keyed, {
    send: async (_contract, envelopes): Promise<readonly Outcome[]> => {
      const [key = ''] = envelopes.map(({ message }) => (message as Message).key);
      batches.push({ key, size: envelopes.length, at: performance.now() - started });
      underWay.now += 1;
      underWay.most = Math.max(underWay.most, underWay.now);
      await sleep(takes(key));
      underWay.now -= 1;
      return envelopes.map(() => ({ reply: {} }));
    },
  });
  const push = (key: string): Promise<Outcome> =>
    subject.push({ message: { key }, must: [], deadline: Date.now() + 5_000 });
  return { subject, push, batches, underWay };
}

describe('batches by key', () => {
  it('gathers also when the calls have very many keys', async () => {
    const { subject, push, batches, underWay } = batcher(() => 10);
    const rounds = Array.from({ length: 4 }, async () => {
      await Promise.all(Array.from({ length: 100 }, (_, key) => push(String(key))));
    });
    await Promise.all(rounds);
    expect(underWay.most).toBe(8);
    expect(batches.length).toBe(100);
    expect(batches.every(({ size }) => size === 4)).toBe(true);
    expect(subject.keys).toBe(0);
  });

  it('serves every key in turn', async () => {
    const { push, batches } = batcher(() => 5);
    const all: Promise<unknown>[] = [];
    for (let round = 0; round < 20; round += 1) {
      for (let each = 0; each < 300; each += 1) all.push(push('greedy'));
      if (round === 0) all.push(push('modest'));
    }
    await Promise.all(all);
    expect(batches.findIndex(({ key }) => key === 'modest')).toBeLessThan(3);
  });

  it('leaves the common places to others when keys are slow, however many', async () => {
    const { subject, push, batches } = batcher((key) => (key.startsWith('slow') ? 1_200 : 5));
    const slow: Promise<unknown>[] = [];
    for (let round = 0; round < 3; round += 1) {
      for (let key = 0; key < 12; key += 1) slow.push(push(`slow-${key}`));
      await sleep(150);
    }
    // All twelve hold the two places of their own by now, and none of the common ones.
    const started = performance.now();
    await Promise.all(Array.from({ length: 8 }, (_, key) => push(`prompt-${key}`)));
    expect(performance.now() - started).toBeLessThan(80);
    // Not more than two batches of a key in the half second after which a batch gives its place away.
    for (let key = 0; key < 12; key += 1) {
      expect(batches.filter((batch) => batch.key === `slow-${key}` && batch.at < 500)).toHaveLength(2);
    }
    await Promise.all(slow);
    expect(subject.keys).toBe(0);
  });

  it('forgets a key whose calls were given up', async () => {
    const { subject } = batcher(() => 300);
    const message = { key: 'a' };
    const soon = (): Promise<Outcome> => subject.push({ message, must: [], deadline: Date.now() + 20 });
    const sent = [soon()];
    await sleep(1);
    sent.push(soon());
    await sleep(1);
    const queued = soon();
    expect(await queued).toMatchObject({ fault: { code: 'Timeout' } });
    await Promise.all(sent);
    await expect.poll(() => subject.keys).toBe(0);
  });
});
