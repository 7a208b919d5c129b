import { setTimeout as sleep } from 'node:timers/promises';
import { isFault, objectStorage, type BucketContext } from '@coffer/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callerOf, startWorld, type World } from '../testkit/world.ts';
import { forAccountBuckets, forChange } from './locks.ts';

const GATEWAYS = 6;

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

/** Runs `meanwhile` while another connection has the buckets for itself. */
async function held<T>(buckets: readonly BucketContext[], meanwhile: () => Promise<T>): Promise<T> {
  return await world.db.transaction(async (tx) => {
    for (const { bucketId } of buckets) await forChange(bucketId).take(tx);
    return await meanwhile();
  });
}

/** How many connections wait for locks. */
async function waitingConnections(): Promise<number> {
  const [row] = await world.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`,
  );
  return row?.n ?? 0;
}

describe('a bucket whose lock is held for long', () => {
  it('holds up no other bucket, whatever waits for it', async () => {
    const busy = [await world.bucket(), await world.bucket(), await world.bucket()];
    const other = await world.bucket();
    await world.put(other, 'tagged');
    const gateways = Array.from({ length: GATEWAYS }, () => world.newGateway());

    const waiting: Promise<string>[] = [];
    const wait = (call: Promise<unknown>): void => {
      const done = call.then(
        () => 'done',
        (error: unknown) => (isFault(error) ? error.code : String(error)),
      );
      waiting.push(done);
    };
    const slowest = await held(busy, async () => {
      for (const bucket of busy) {
        for (const [index, gateway] of gateways.entries()) {
          for (let each = 0; each < 5; each += 1) {
            wait(gateway.call(objectStorage.commit, world.commitRequest(bucket, `${index}/${each}`)));
            wait(world.remove(bucket, [{ key: 'never' }]));
            wait(
              world.op('PutBucketVersioning', {
                Bucket: bucket.name,
                VersioningConfiguration: { Status: 'Suspended' },
              }),
            );
            await sleep(5);
          }
        }
      }
      // Long enough that the bus gives up the places of batches, and sends calls a second time.
      const end = Date.now() + 4_000;
      let longest = 0;
      const workers = gateways.flatMap((gateway, index) =>
        Array.from({ length: 4 }, async (_, worker) => {
          for (let round = 0; Date.now() < end; round += 1) {
            const started = performance.now();
            await gateway.call(objectStorage.commit, world.commitRequest(other, `${index}/${worker}/${round}`));
            longest = Math.max(longest, performance.now() - started);
          }
        }),
      );
      await Promise.all(workers);
      return longest;
    });
    expect(slowest).toBeLessThan(1_500);
    for (const call of waiting)
      await call.catch((error: unknown) => expect(error).toMatchObject({ code: 'StaleContext' }));
  });

  it('gives each call its answer once the lock is free', async () => {
    const bucket = await world.bucket();
    const gateways = Array.from({ length: GATEWAYS }, () => world.newGateway());
    const calls: Promise<unknown>[] = [];
    await held([bucket], async () => {
      for (const [index, gateway] of gateways.entries()) {
        for (let each = 0; each < 10; each += 1) {
          calls.push(gateway.call(objectStorage.commit, world.commitRequest(bucket, `${index}/${each}`)));
          await sleep(10);
        }
      }
      await sleep(2_500);
      // Of all that waits, no more than two connections.
      expect(await waitingConnections()).toBe(2);
    });
    await Promise.all(calls);
    const { Contents } = (await world.op('ListObjectsV2', { Bucket: bucket.name }, { bucket })) as {
      Contents: unknown[];
    };
    expect(Contents).toHaveLength(GATEWAYS * 10);
  });
});

describe('an account that makes very many buckets', () => {
  it('keeps no more than two connections waiting, and gets all of its buckets', async () => {
    const account = { accountId: '999988887777', canonicalId: 'd'.repeat(64) };
    const bucket = await world.bucket();
    const names = Array.from({ length: 30 }, (_, index) => `many-${index}`);
    const made = await world.db.transaction(async (tx) => {
      await forAccountBuckets(account.accountId).take(tx);
      const calls = names.map((Bucket) => world.op('CreateBucket', { Bucket }, { caller: callerOf(account) }));
      await sleep(500);
      expect(await waitingConnections()).toBe(2);
      const started = performance.now();
      await world.put(bucket, 'of another account');
      expect(performance.now() - started).toBeLessThan(1_500);
      // Not waited for here: they end when this transaction has.
      return calls;
    });
    expect(await Promise.all(made)).toEqual(names.map((name) => ({ Location: `/${name}` })));
  });
});
