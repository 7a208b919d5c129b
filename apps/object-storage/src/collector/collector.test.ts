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

  it('removes what was being uploaded to a bucket that is gone, and not before its time', async () => {
    const doomed = await world.bucket();
    const upload = await world.upload(doomed, 'm');
    const parts = [await stored(), await stored()];
    for (const [index, body] of parts.entries()) await upload.part(index + 1, 5, { body });
    await world.op('DeleteBucket', { Bucket: doomed.name }, { bucket: doomed });
    const left = async () => {
      const tables = ['uploads', 'upload_parts', 'removed_buckets'];
      const counts = tables.map(async (table) => {
        const rows = await world.query(`SELECT 1 FROM ${table} WHERE bucket_id = $1`, [doomed.bucketId]);
        return rows.length;
      });
      return await Promise.all(counts);
    };
    // The request itself does not touch them: there may be any number.
    expect(await left()).toEqual([1, 2, 1]);
    await expect(upload.part(3, 5)).rejects.toMatchObject({ code: 'NoSuchBucket' });
    await Promise.all([collect(), collect()]);
    await collect();
    expect(await left()).toEqual([0, 0, 0]);
    const stays = await ids();
    for (const { blobId } of parts) expect(stays).not.toContain(blobId);
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

  it('looks at each hour once it is over, and at the whole blob tier now and then', async () => {
    const HOUR = 3_600_000;
    const graceMs = 26 * HOUR;
    const stock = new Map<string, number>();
    const make = (hoursAgo: number, doneHoursAgo = hoursAgo): string => {
      const id = newBlobId(new Date(Date.now() - hoursAgo * HOUR));
      stock.set(id, Date.now() - doneHoursAgo * HOUR);
      return id;
    };
    let listed: string[] = [];
    const store = {
      list: async ({ after = '', limit }: { after?: string; limit: number }) => {
        const page = [...stock.keys()].filter((id) => id > after).toSorted();
        listed.push(...page.slice(0, limit));
        return page.slice(0, limit).map((id) => ({ id, size: 5, modified: new Date(stock.get(id) ?? 0) }));
      },
      delete: async (id: string) => void stock.delete(id),
    };
    const deps = { db: world.db, blobs: store } as unknown as Deps;
    const round = async (wholeEveryMs: number) => {
      listed = [];
      return (await collectRound(deps, { graceMs, wholeEveryMs })).orphans;
    };
    const seldom = 1e9;
    await collect();

    const living = Array.from({ length: 5 }, () => make(100));
    for (const id of living) {
      await world.put(bucket, id, { body: { kind: 'blob', blobId: id, sealedSize: 5, header: new Uint8Array(4) } });
    }
    const [over, slow, young] = [make(60), make(40, 20), make(30)];
    expect(await round(seldom)).toBe(1);
    expect([...stock.keys()]).toEqual([...living, slow, young]);
    // What was looked at is not even listed again, and hours that are not over are left alone.
    expect(await round(seldom)).toBe(0);
    expect(listed).not.toContain(over);
    for (const id of living) expect(listed).not.toContain(id);
    const next = make(59);
    expect(await round(seldom)).toBe(1);
    expect(stock.has(next)).toBe(false);

    // A wrong clock: an old name that came late. The whole search finds it, and everything else that is old.
    const late = make(90);
    expect(await round(seldom)).toBe(0);
    expect(await round(0)).toBe(2);
    expect([late, young].some((id) => stock.has(id))).toBe(false);
    expect([...stock.keys()]).toEqual([...living, slow]);
  });

  it('searches a large blob tier in pieces', async () => {
    const page = Array.from({ length: 1000 }, () => ({ id: newBlobId(new Date(0)), size: 5, modified: new Date() }));
    const asked: (string | undefined)[] = [];
    const store = {
      list: async ({ after }: { after?: string }) => {
        asked.push(after);
        return asked.length > 1200 ? [] : page;
      },
    };
    const deps = { db: world.db, blobs: store } as unknown as Deps;
    const options = { graceMs: 3_600_000, wholeEveryMs: 0 };
    await collectRound(deps, options);
    expect(asked).toHaveLength(1000);
    expect(asked[0]).toBeUndefined();
    await collectRound(deps, { ...options, wholeEveryMs: 1e9 });
    expect(asked).toHaveLength(1201);
    expect(asked[1000]).toBe(page.at(-1)?.id);
    await collectRound(deps, options);
    expect(asked[1201]).toBeUndefined();
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
