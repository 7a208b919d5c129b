import { Fault, objectStorage } from '@coffer/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testkit/world.ts';

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world?.close());

const versionsIn = async (bucketId: string) =>
  (
    await world.query<{ version_id: string }>(
      'SELECT version_id FROM versions WHERE bucket_id = $1 ORDER BY order_no',
      [bucketId],
    )
  ).map((row) => row.version_id);

describe('protected buckets', () => {
  it('a version is destroyed only with a grant, which is settled afterwards', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled', protect: true });
    const { versionId = '', request } = await world.put(bucket, 'k');
    expect((await world.remove(bucket, [{ key: 'k', versionId }])).results).toEqual([{ versionId }]);
    expect(world.neighbours.asked).toEqual([request.internalVersionId]);
    expect(world.neighbours.settled).toEqual([`grant-${request.internalVersionId}`]);
    expect(await versionsIn(bucket.bucketId)).toEqual([]);
  });

  it('a refusal concerns its own version alone', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled', protect: true });
    const kept = await world.put(bucket, 'kept');
    const gone = await world.put(bucket, 'gone');
    world.neighbours.grant = (versions) =>
      versions.map((version) => (version.key === 'kept' ? { refused: 'retained until 2030' } : { grantId: 'g' }));
    const { results } = await world.remove(bucket, [
      { key: 'kept', versionId: kept.versionId },
      { key: 'gone', versionId: gone.versionId },
      { key: 'kept' },
    ]);
    expect(results[0]?.error).toMatchObject({ code: 'AccessDenied', status: 403, message: 'retained until 2030' });
    expect(results[1]).toEqual({ versionId: gone.versionId });
    expect(results[2]).toMatchObject({ deleteMarker: true });
    expect(await versionsIn(bucket.bucketId)).toEqual([kept.versionId, results[2]?.versionId]);
  });

  it('nothing goes while governance cannot be asked', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled', protect: true });
    const { versionId } = await world.put(bucket, 'k');
    world.neighbours.grant = () => {
      throw new Fault('Unavailable', 'away');
    };
    const { results } = await world.remove(bucket, [{ key: 'k', versionId }]);
    expect(results[0]?.error).toMatchObject({ code: 'ServiceUnavailable', status: 503 });
    expect(await versionsIn(bucket.bucketId)).toEqual([versionId]);
  });

  it('an answer for too few versions grants nothing to the others', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled', protect: true });
    const { versionId } = await world.put(bucket, 'k');
    world.neighbours.grant = () => [];
    expect((await world.remove(bucket, [{ key: 'k', versionId }])).results[0]?.error?.code).toBe('ServiceUnavailable');
    expect(await versionsIn(bucket.bucketId)).toEqual([versionId]);
  });

  it('overwriting a null version destroys it, so it needs a grant too', async () => {
    for (const versioning of [undefined, 'Suspended'] as const) {
      const plain = await world.bucket(versioning ? { versioning } : {});
      const first = await world.put(plain, 'k');
      await world.protect(plain.name);
      const bucket = await world.context(plain.name);
      world.neighbours.grant = (versions) => versions.map(() => ({ refused: 'no' }));
      await expect(world.put(bucket, 'k')).rejects.toMatchObject({ code: 'AccessDenied' });
      expect((await world.remove(bucket, [{ key: 'k' }])).results[0]?.error?.code).toBe('AccessDenied');
      expect((await world.locate(bucket, 'k')).version.etag).toBe(first.etag);

      world.neighbours.grant = (versions) => versions.map((version) => ({ grantId: `g-${version.internalVersionId}` }));
      const second = await world.put(bucket, 'k');
      expect((await world.locate(bucket, 'k')).version.etag).toBe(second.etag);
      expect(world.neighbours.settled).toContain(`g-${first.request.internalVersionId}`);
    }
  });

  it('several overwrites in one batch ask for each version that anybody saw', async () => {
    const bucket = await world.bucket({ protect: true });
    const puts = await Promise.all([1, 2, 3].map(() => world.put(bucket, 'k')));
    expect(await versionsIn(bucket.bucketId)).toEqual(['null']);
    const current = await world.locate(bucket, 'k');
    const replaced = puts
      .filter((put) => put.etag !== current.version.etag)
      .map((put) => put.request.internalVersionId);
    expect(new Set(world.neighbours.asked)).toEqual(new Set(replaced));
  });

  it('the database itself refuses to remove a protected version, and to lift the protection', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled', protect: true });
    const { removeVersions } = await import('./remove-versions.ts');
    await world.put(bucket, 'k');
    await expect(
      world.db.transaction((tx) => removeVersions(tx, [{ bucketId: bucket.bucketId, key: 'k', orderNo: 1 }])),
    ).rejects.toThrow('protected without a grant');
    await expect(
      world.query('UPDATE buckets SET protected = false WHERE bucket_id = $1', [bucket.bucketId]),
    ).rejects.toThrow('stays protected');
    expect(await versionsIn(bucket.bucketId)).toHaveLength(1);
  });

  it('rolls forward what was granted before a crash', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled', protect: true });
    const older = await world.put(bucket, 'k');
    const newer = await world.put(bucket, 'k');
    // The request that was granted died with its process: it is another one than those that put the versions.
    const draft = { ...newer.request.draft, requestId: '01KAS4TRWARD00000000000000', operation: 'DeleteObject' };
    const grant = (internalVersionId: string, grantId: string) => ({
      bucketId: bucket.bucketId,
      key: 'k',
      internalVersionId,
      grantId,
      purpose: 'delete' as const,
      draft,
    });
    world.neighbours.pending = [grant(newer.request.internalVersionId, 'g1'), grant('gone-already', 'g2')];
    const done = await world.operator.call(objectStorage.collect, {});
    expect(done.rolledForward).toBe(2);
    expect(world.neighbours.settled.sort()).toEqual(['g1', 'g2']);
    expect(await versionsIn(bucket.bucketId)).toEqual([older.versionId]);
    expect((await world.locate(bucket, 'k')).version).toMatchObject({ versionId: older.versionId, isLatest: true });
    const stored = await world.query('SELECT draft FROM outbox WHERE request_id = $1', [draft.requestId]);
    expect(stored).toEqual([{ draft: expect.objectContaining({ operation: 'DeleteObject', status: 204 }) }]);
  });

  it('leaves a version in place whose replacement was granted but never committed', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled', protect: true });
    const put = await world.put(bucket, 'k');
    world.neighbours.settled = [];
    world.neighbours.pending = [
      {
        bucketId: bucket.bucketId,
        key: 'k',
        internalVersionId: put.request.internalVersionId,
        grantId: 'g3',
        purpose: 'replace',
        draft: put.request.draft,
      },
    ];
    await world.operator.call(objectStorage.collect, {});
    expect(world.neighbours.settled).toEqual(['g3']);
    expect(await versionsIn(bucket.bucketId)).toEqual([put.versionId]);
  });
});
