import { setTimeout as sleep } from 'node:timers/promises';
import { isFault, objectStorage, type BucketContext } from '@coffer/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testkit/world.ts';
import { forChange } from './locks.ts';

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
      const [{ n } = { n: 0 }] = await world.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`,
      );
      // Of all that waits, no more than two connections.
      expect(n).toBe(2);
    });
    await Promise.all(calls);
    const { Contents } = (await world.op('ListObjectsV2', { Bucket: bucket.name }, { bucket })) as {
      Contents: unknown[];
    };
    expect(Contents).toHaveLength(GATEWAYS * 10);
  });
});
