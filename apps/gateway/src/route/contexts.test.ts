import type { BusClient } from '@coffer/bus';
import { Fault, s3Error, type BucketContext } from '@coffer/contracts';
import { describe, expect, it } from 'vitest';
import { Contexts } from './contexts.ts';

function contextAt(revision: number): BucketContext {
  return {
    bucketId: 'id',
    name: 'b',
    region: 'us-east-1',
    ownerAccountId: '111122223333',
    ownerCanonicalId: 'c',
    createdAt: 1,
    revision: { bucketId: 'id', bucket: revision, account: 0 },
    versioning: 'unversioned',
    protected: false,
    ownership: 'BucketOwnerEnforced',
  };
}

const stale = (data?: BucketContext) => new Fault('StaleContext', 'changed', { status: 409, data });

describe('configuration that turned out to be old', () => {
  it('is replaced by what the fault brings, or by asking once for all that it brought nothing', async () => {
    let asked = 0;
    let revision = 1;
    const call = async () => {
      asked += 1;
      if (revision === 0) throw s3Error('NoSuchBucket');
      return contextAt(revision);
    };
    const contexts = new Contexts({ call } as unknown as BusClient);
    await contexts.get('b');
    expect(asked).toBe(1);

    const told = await contexts.afterStale('b', stale(contextAt(2)));
    expect([told.context.revision.bucket, asked]).toEqual([2, 1]);
    expect(contexts.cached('b')).toBe(told);

    revision = 3;
    const all = await Promise.all(Array.from({ length: 100 }, () => contexts.afterStale('b', stale())));
    expect(new Set(all.map((bucket) => bucket.context.revision.bucket))).toEqual(new Set([3]));
    expect(asked).toBeLessThanOrEqual(3);
    expect(contexts.cached('b')?.context.revision.bucket).toBe(3);

    revision = 0;
    await expect(contexts.afterStale('b', stale())).rejects.toMatchObject({ code: 'NoSuchBucket' });
    expect(contexts.cached('b')).toBeUndefined();
  });
});
