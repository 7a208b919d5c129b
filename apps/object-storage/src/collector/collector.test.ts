import { fileBlobStore, newBlobId, type BlobStore } from '@coffer/blob-store';
import { objectStorage, type BucketContext } from '@coffer/contracts';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Deps } from '../deps.ts';
import { startWorld, type World } from '../testkit/world.ts';
import { collect as collectRound } from './collect.ts';

let world: World;
let blobs: BlobStore;
beforeAll(async () => {
  world = await startWorld({ COFFER_BLOB_GRACE_MS: '0' });
  blobs = await fileBlobStore({ folder: world.blobFolder });
});
afterAll(async () => {
  await blobs?.close();
  await world?.close();
});

async function stored(): Promise<{ kind: 'blob'; blobId: string; sealedSize: number; header: Uint8Array }> {
  const blobId = newBlobId();
  await blobs.put(blobId, 5, Readable.from([Buffer.from('bytes')]));
  return { kind: 'blob', blobId, sealedSize: 5, header: new Uint8Array(4) };
}

const ids = async () => (await blobs.list({ limit: 1000 })).map((entry) => entry.id);
const collect = () => world.operator.call(objectStorage.collect, {});

describe('the collector', () => {
  let bucket: BucketContext;
  beforeAll(async () => {
    bucket = await world.bucket();
  });

  it('removes doomed blobs and orphans, and nothing that lives', async () => {
    const living = await stored();
    const overwritten = await stored();
    const orphan = await stored();
    await world.put(bucket, 'a', { body: living });
    await world.put(bucket, 'b', { body: overwritten });
    await world.put(bucket, 'b');
    expect(await collect()).toMatchObject({ doomed: 1, orphans: 1 });
    expect(await ids()).toEqual([living.blobId]);
    expect(await collect()).toMatchObject({ doomed: 0, orphans: 0 });
    // Too late: the collector was first.
    await expect(world.put(bucket, 'c', { body: orphan })).rejects.toMatchObject({ code: 'OperationAborted' });
  });

  it('races commits for the same blobs, and exactly one of the two wins each', async () => {
    const bodies = await Promise.all(Array.from({ length: 60 }, stored));
    const [commits] = await Promise.all([
      Promise.allSettled(bodies.map((body, index) => world.put(bucket, `race/${index}`, { body }))),
      collect(),
      collect(),
    ]);
    const left = new Set(await ids());
    for (const [index, commit] of commits.entries()) {
      const body = bodies[index];
      expect(left.has(body?.blobId ?? '')).toBe(commit.status === 'fulfilled');
    }
  });

  it('ends early when told to, and the next round goes on', async () => {
    await collect();
    const bodies = await Promise.all(Array.from({ length: 3 }, stored));
    await world.query("INSERT INTO blob_claims (blob_id, state) VALUES ($1, 'doomed')", [bodies[0]?.blobId]);
    const stopping = new AbortController();
    const deleted: string[] = [];
    const stoppingStore: BlobStore = {
      ...blobs,
      list: (options) => blobs.list(options),
      delete: async (id) => {
        deleted.push(id);
        if (deleted.length === 2) stopping.abort();
        await blobs.delete(id);
      },
    };
    const deps = { db: world.db, blobs: stoppingStore } as unknown as Deps;
    const done = await collectRound(deps, { graceMs: 0, signal: stopping.signal });
    expect(done).toEqual({ doomed: 1, orphans: 1 });
    expect(deleted[0]).toBe(bodies[0]?.blobId);
    expect(await collect()).toMatchObject({ doomed: 0, orphans: 1 });
    const left = await ids();
    for (const body of bodies) expect(left).not.toContain(body.blobId);
  });

  it('takes up what a crashed collector had claimed', async () => {
    const body = await stored();
    await world.query("INSERT INTO blob_claims (blob_id, state) VALUES ($1, 'collected')", [body.blobId]);
    await collect();
    expect(await ids()).not.toContain(body.blobId);
  });
});

describe('the grace time', () => {
  it('protects young blobs', async () => {
    const careful = await startWorld({ COFFER_BLOB_GRACE_MS: '3600000' });
    try {
      const store = await fileBlobStore({ folder: careful.blobFolder });
      const bucket = await careful.bucket();
      const blobId = newBlobId();
      await store.put(blobId, 5, Readable.from([Buffer.from('bytes')]));
      const doomed = newBlobId();
      await store.put(doomed, 5, Readable.from([Buffer.from('bytes')]));
      const body = { kind: 'blob', blobId: doomed, sealedSize: 5, header: new Uint8Array(4) } as const;
      await careful.put(bucket, 'k', { body });
      await careful.remove(bucket, [{ key: 'k' }]);
      expect(await careful.operator.call(objectStorage.collect, {})).toMatchObject({ doomed: 0, orphans: 0 });
      expect(await store.list({ limit: 10 })).toHaveLength(2);
      await store.close();
    } finally {
      await careful.close();
    }
  });
});
