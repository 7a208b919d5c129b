import { afterAll, beforeAll, expect, it } from 'vitest';
import { MiB } from '../harness/data.ts';
import type { OwnStack } from '../harness/own-stack.ts';
import { gatewayPid, startOwnStack } from '../harness/own-stack.ts';
import { watchMemory } from '../harness/processes.ts';
import { buildLoadClient, load, onLoad } from './load-client.ts';

const BUCKET = 'overload';
const OBJECTS = 500;
const get = ['--op', 'get', '--objects', String(OBJECTS)];
const put = ['--op', 'put'];

onLoad('three times what a stack can carry', () => {
  let own: OwnStack;
  beforeAll(async () => {
    await buildLoadClient();
    own = await startOwnStack({});
    await load(own.facts, BUCKET, ['--create-bucket', '--op', 'put', '--count', String(OBJECTS)]);
    // Code that is compiled as it runs: what follows must not be faster only because it comes later.
    for (const kind of [get, put]) await load(own.facts, BUCKET, [...kind, '--prefix', 'k/', '--duration', '5s']);
  });
  afterAll(() => own?.stop());

  it.each([
    ['GET', get, 'k/'],
    ['PUT', put, 'over/'],
  ])('of %s: answers 503 early, keeps its rate, and is itself again at once', async (_, kind, prefix) => {
    const run = (...more: string[]) => load(own.facts, BUCKET, [...kind, '--prefix', prefix, ...more]);
    const calm = await run('--in-flight', '1', '--duration', '1s');
    const peak = await run('--in-flight', '64', '--duration', '4s');
    const pid = gatewayPid(own.facts);
    const before = watchMemory(pid)();
    const most = watchMemory(pid);
    // As many connections as it takes for each request to leave on time.
    const over = await run('--in-flight', '1500', '--rate', String(3 * peak.opsPerSecond), '--duration', '8s');
    const grownMiB = (most() - before) / MiB;
    const after = await run('--in-flight', '1', '--duration', '1s');
    console.info(JSON.stringify({ calm, peak, over, after, grownMiB }));

    expect(over.errors, over.errorSamples.join('\n')).toBe(0);
    // What was begun must be what three times the peak means, or nothing was shown.
    expect(over.ops + (over.slowed ?? 0)).toBeGreaterThan(2 * 8 * peak.opsPerSecond);
    // Client and server share the machine's cores, and telling two of three to come later takes its part of them.
    expect(over.opsPerSecond).toBeGreaterThan(0.6 * peak.opsPerSecond);
    expect(over.slowedP99Ms).toBeLessThan(1_000);
    expect(over.p99Ms).toBeLessThan(2_500);
    expect(grownMiB).toBeLessThan(150);
    expect(after.errors).toBe(0);
    expect(after.p50Ms).toBeLessThan(2 * calm.p50Ms + 5);
  });
});
