import type { BucketContext } from '@coffer/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callerOf, draftOf, startWorld, type World } from '../testkit/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

interface Listed {
  VersionId: string;
  IsLatest: boolean;
}

async function listed(bucket: BucketContext): Promise<string[]> {
  const output = await world.op('ListObjectVersions', { Bucket: bucket.name });
  const show = (kind: string) => (entry: Listed) => `${kind} ${entry.VersionId}${entry.IsLatest ? ' latest' : ''}`;
  return [
    ...(output.Versions as Listed[]).map(show('version')),
    ...(output.DeleteMarkers as Listed[]).map(show('marker')),
  ];
}

const fault = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('versioning, row by row of the fact sheet', () => {
  it('objects older than enabling have the id null and stay', async () => {
    const bucket = await world.bucket();
    await world.put(bucket, 'k');
    const enabled = await world.setVersioning(bucket.name, 'Enabled');
    const { versionId } = await world.put(enabled, 'k');
    expect(await listed(enabled)).toEqual([`version ${versionId} latest`, 'version null']);
    expect((await world.locate(enabled, 'k', { versionId: 'null' })).version.isLatest).toBe(false);
  });

  it('a suspended PUT replaces only the null version and shows no version id', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled' });
    const { versionId } = await world.put(bucket, 'k');
    const suspended = await world.setVersioning(bucket.name, 'Suspended');
    expect((await world.put(suspended, 'k')).versionId).toBeUndefined();
    expect((await world.put(suspended, 'k')).versionId).toBeUndefined();
    expect(await listed(suspended)).toEqual(['version null latest', `version ${versionId}`]);
  });

  it('a suspended DELETE removes the null version and leaves a null marker', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled' });
    const { versionId } = await world.put(bucket, 'k');
    const suspended = await world.setVersioning(bucket.name, 'Suspended');
    await world.put(suspended, 'k');
    expect((await world.remove(suspended, [{ key: 'k' }])).results).toEqual([
      { versionId: 'null', deleteMarker: true },
    ]);
    expect(await listed(suspended)).toEqual([`version ${versionId}`, 'marker null latest']);
    // Again: the null marker replaces the null marker.
    await world.remove(suspended, [{ key: 'k' }]);
    expect(await listed(suspended)).toEqual([`version ${versionId}`, 'marker null latest']);
  });

  it('an enabled DELETE makes a marker, again and again, also where nothing was', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled' });
    await world.put(bucket, 'k');
    const first = (await world.remove(bucket, [{ key: 'k' }])).results[0];
    const second = (await world.remove(bucket, [{ key: 'k' }])).results[0];
    expect(first).toMatchObject({ deleteMarker: true });
    expect(second?.versionId).not.toBe(first?.versionId);
    expect((await world.remove(bucket, [{ key: 'never' }])).results[0]).toMatchObject({ deleteMarker: true });
    expect(await listed(bucket)).toHaveLength(4);
    expect(await fault(world.locate(bucket, 'k'))).toMatchObject({
      code: 'NoSuchKey',
      headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': second?.versionId },
    });
  });

  it('deleting a marker by its id brings the older version back', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled' });
    const { versionId } = await world.put(bucket, 'k');
    const marker = (await world.remove(bucket, [{ key: 'k' }])).results[0]?.versionId ?? '';
    const byId = await fault(world.locate(bucket, 'k', { versionId: marker }));
    expect(byId).toMatchObject({ code: 'MethodNotAllowed', status: 405, extras: { ResourceType: 'DeleteMarker' } });
    expect(byId).toMatchObject({ headers: { Allow: 'DELETE' } });
    const removed = await world.remove(bucket, [{ key: 'k', versionId: marker }]);
    expect(removed.results).toEqual([{ versionId: marker, deleteMarker: true }]);
    expect(await listed(bucket)).toEqual([`version ${versionId} latest`]);
    expect((await world.locate(bucket, 'k')).version.versionId).toBe(versionId);
    // Again with an id that was valid.
    expect((await world.remove(bucket, [{ key: 'k', versionId: marker }])).results).toEqual([{ versionId: marker }]);
  });

  it('an id that was never issued is invalid alone, and unknown among several', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled' });
    const { versionId = '' } = await world.put(bucket, 'k');
    const wrong = (versionId.startsWith('A') ? 'B' : 'A') + versionId.slice(1);
    expect((await world.remove(bucket, [{ key: 'k', versionId: wrong }])).results[0]?.error).toMatchObject({
      code: 'InvalidArgument',
      message: 'Invalid version id specified',
      status: 400,
    });
    const several = await world.remove(bucket, [
      { key: 'k', versionId: wrong },
      { key: 'k', versionId },
    ]);
    expect(several.results[0]?.error).toMatchObject({ code: 'NoSuchVersion' });
    expect(several.results[1]).toEqual({ versionId });
    expect(several.children).toMatchObject([
      { operation: 'DeleteObject', key: 'k', status: 404, errorCode: 'NoSuchVersion' },
      { operation: 'DeleteObject', key: 'k', status: 204, versionId },
    ]);
  });

  it('an unversioned bucket knows the id null alone', async () => {
    const bucket = await world.bucket();
    const other = await world.bucket({ versioning: 'Enabled' });
    const { versionId = '' } = await world.put(other, 'k');
    await world.put(bucket, 'k');
    expect((await world.remove(bucket, [{ key: 'k', versionId }])).results[0]?.error?.code).toBe('InvalidArgument');
    expect((await world.remove(bucket, [{ key: 'k', versionId: 'null' }])).results).toEqual([{ versionId: 'null' }]);
    expect((await world.remove(bucket, [{ key: 'k' }])).results).toEqual([{}]);
    expect(await listed(bucket)).toEqual([]);
  });

  it('several entries of one key are worked through in order', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled' });
    const ids: string[] = [];
    for (let index = 0; index < 4; index += 1) ids.push((await world.put(bucket, 'k')).versionId ?? '');
    await world.remove(bucket, [
      { key: 'k', versionId: ids[3] },
      { key: 'k', versionId: ids[2] },
    ]);
    expect(await listed(bucket)).toEqual([`version ${ids[1]} latest`, `version ${ids[0]}`]);
    const { results } = await world.remove(bucket, [{ key: 'k' }, { key: 'k' }, { key: 'k', versionId: ids[1] }]);
    expect(await listed(bucket)).toEqual([
      `version ${ids[0]}`,
      `marker ${results[1]?.versionId} latest`,
      `marker ${results[0]?.versionId}`,
    ]);
  });

  it('deletes on conditions', async () => {
    const bucket = await world.bucket();
    const { etag } = await world.put(bucket, 'k');
    const code = async (entry: object) =>
      (await world.remove(bucket, [{ key: 'k', ...entry }])).results[0]?.error?.code;
    expect(await code({ ifMatch: 'other' })).toBe('PreconditionFailed');
    expect(await code({ ifMatchSize: 6 })).toBe('PreconditionFailed');
    expect(await code({ ifMatchLastModified: 1000 })).toBe('PreconditionFailed');
    expect(await code({ ifMatch: `"${etag}"`, ifMatchSize: 5 })).toBeUndefined();
    expect(await code({ ifMatch: '*' })).toBe('NoSuchKey');
  });

  it('a thousand keys at once', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled' });
    await Promise.all(Array.from({ length: 1000 }, (_, index) => world.put(bucket, `k${index}`)));
    const { results } = await world.remove(
      bucket,
      Array.from({ length: 1000 }, (_, index) => ({ key: `k${index}` })),
    );
    expect(results.every((result) => result.deleteMarker)).toBe(true);
    const output = await world.op('ListObjectsV2', { Bucket: bucket.name });
    expect(output.KeyCount).toBe(0);
  });

  it('a repeated delete gets the first reply', async () => {
    const bucket = await world.bucket({ versioning: 'Enabled' });
    await world.put(bucket, 'k');
    const caller = callerOf();
    const draft = draftOf(caller, 'DeleteObject');
    const again = () => world.remove(bucket, [{ key: 'k' }], { caller, draft });
    expect(await again()).toEqual(await again());
    expect(await listed(bucket)).toHaveLength(2);
  });
});
