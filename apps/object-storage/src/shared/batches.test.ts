import { isFault, objectStorage, type BucketContext } from '@coffer/contracts';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Deps } from '../deps.ts';
import { locate } from '../objects/locate.ts';
import { startWorld, type World } from '../testkit/world.ts';

const MIB = 1024 * 1024;
const BATCH = 256;
/** What the bus carries in one message. */
const MAX_MESSAGE = 8 * MIB;

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

describe('the reply to a batch', () => {
  it('is small enough for the bus when everybody reads objects of very many parts', async () => {
    const bucket = await world.bucket();
    const upload = await world.upload(bucket, 'many');
    const part = (number: number) => upload.part(number, 5 * MIB, { checksum: undefined });
    const parts = await Promise.all(Array.from({ length: 300 }, (_, index) => part(index + 1)));
    await upload.complete(parts.map(({ partNumber, etag }) => ({ partNumber, etag })));

    const message = { revision: bucket.revision, key: 'many', want: 'bytes' as const };
    const ask = (count: number) =>
      locate(
        { db: world.db } as Deps,
        Array.from({ length: count }, () => message),
      );
    const [alone] = await ask(1);
    expect(alone).toMatchObject({ segments: { length: 256 } });
    const all = await ask(BATCH);
    expect(JSON.stringify(all).length).toBeLessThan(MAX_MESSAGE / 2);
    for (const one of all) expect(one).toMatchObject({ segments: { length: 16, 15: { partNumber: 16 } } });
  });

  it('tells the new configuration once for each bucket, not to each of its calls', async () => {
    const bucket = await world.bucket();
    const other = await world.bucket();
    const put = async ({ name }: BucketContext): Promise<void> => {
      const Resource = `arn:aws:s3:::${name}/*`;
      const Statement = [{ Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource }];
      const Policy = JSON.stringify({ Version: '2012-10-17', Id: 'x'.repeat(18_000), Statement });
      await world.op('PutBucketPolicy', { Bucket: name, Policy });
    };
    await Promise.all([put(bucket), put(other)]);
    for (const call of [
      (at: BucketContext) => world.locate(at, 'k'),
      (at: BucketContext) => world.put(at, randomBytes(4).toString('hex')),
    ]) {
      const calls = Array.from({ length: 2 * BATCH }, (_, index) => call(index % 2 ? bucket : other));
      const settled = await Promise.allSettled(calls);
      const faults = settled.map((one) => (one.status === 'rejected' ? (one.reason as unknown) : undefined));
      expect(faults.filter((fault) => isFault(fault, 'StaleContext'))).toHaveLength(calls.length);
      const told = faults.flatMap((fault) => (isFault(fault) && fault.data !== undefined ? [fault.data] : []));
      const contexts = told.map((data) => objectStorage.bucketContext.parse(data));
      expect(new Set(contexts.map((context) => context.bucketId))).toEqual(new Set([bucket.bucketId, other.bucketId]));
      expect(told.length).toBeLessThan(20);
      for (const context of contexts) expect(context.policy?.length).toBeGreaterThan(18_000);
    }
  });
});
