import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { newBucket } from '../harness/buckets.ts';
import { call } from '../harness/sign.ts';
import { onNative, stack } from '../harness/stack.ts';
import { kill, stackProcess } from './processes.ts';

const WORKERS = 12;
const WARM_MS = 1_500;
const AFTER_MS = 12_000;
/** Everything answers again by then: the supervisor needs one to two seconds of it to start the process. */
const BOUND_MS = 5_000;

/** One request, in milliseconds since the kill (negative: before it). */
interface Sent {
  readonly began: number;
  readonly ended: number;
  readonly status: number;
}

/** Raw requests without repetition: every second one a write, the others read what was written before. */
async function underLoad(bucket: string, strike: () => void): Promise<Sent[]> {
  const sent: Sent[] = [];
  const load = { running: true };
  let struck = Infinity;
  const worker = async (name: number): Promise<void> => {
    for (let n = 0; load.running; n += 1) {
      const path = `/${bucket}/${name}-${n >> 1}`;
      const began = performance.now();
      const { status } =
        n % 2 === 0 ? await call({ method: 'PUT', path, body: 'x'.repeat(500) }) : await call({ path });
      const ended = performance.now();
      // A read of what could not be written tells nothing.
      if (status !== 404) sent.push({ began: began - struck, ended: ended - struck, status });
      // Nobody asks again at once when refused.
      if (status >= 500) await pause(100);
    }
  };
  const workers = Array.from({ length: WORKERS }, (_, name) => worker(name));
  await pause(WARM_MS);
  struck = performance.now();
  strike();
  await pause(AFTER_MS);
  load.running = false;
  await Promise.all(workers);
  return sent.filter(({ ended }) => ended >= 0);
}

onNative('a process of the stack that is killed under load', () => {
  let bucket: string;
  beforeAll(async () => {
    bucket = await newBucket({ purpose: 'recovery' });
  });

  it.each(['object-storage', 'audit', 'identity'])('%s: everything answers again soon', async (name) => {
    const pid = stackProcess(stack().dataFolder!, name);
    const sent = await underLoad(bucket, () => kill(pid!));
    const good = sent.filter(({ status }) => status === 200);
    const figures = {
      requests: sent.length,
      refused: sent.length - good.length,
      lastRefused: Math.round(Math.max(0, ...sent.filter(({ status }) => status !== 200).map(({ ended }) => ended))),
      longest: Math.round(Math.max(...sent.map(({ began, ended }) => ended - began))),
      firstGoodBegunAfter: Math.round(Math.min(...good.filter(({ began }) => began > 0).map(({ ended }) => ended))),
    };
    console.log(`${name} killed: ${JSON.stringify(figures)}`);
    expect(sent.every(({ status }) => status === 200 || status === 503)).toBe(true);
    expect(figures.lastRefused).toBeLessThan(BOUND_MS);
    expect(figures.longest).toBeLessThan(BOUND_MS);
    expect(figures.firstGoodBegunAfter).toBeLessThan(BOUND_MS);
    // It was there, and it is another process now.
    expect(pid).toBeGreaterThan(1);
    expect(stackProcess(stack().dataFolder!, name)).not.toBe(pid);
  });
});
