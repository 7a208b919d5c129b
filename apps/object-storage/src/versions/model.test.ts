import type { BucketContext } from '@coffer/contracts';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../testkit/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

interface ModelVersion {
  versionId: string;
  marker: boolean;
  etag: string;
}

/** One key as AWS's documentation tells it: versions, newest first. */
class Model {
  versioning: 'unversioned' | 'Enabled' | 'Suspended' = 'unversioned';
  versions: ModelVersion[] = [];

  add(version: ModelVersion): void {
    if (version.versionId === 'null') this.remove('null');
    this.versions.unshift(version);
  }

  remove(versionId: string): void {
    this.versions = this.versions.filter((version) => version.versionId !== versionId);
  }
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), onlyNew: fc.boolean() }),
  fc.record({ kind: fc.constant('delete' as const) }),
  fc.record({ kind: fc.constant('deleteVersion' as const), at: fc.nat({ max: 5 }) }),
  fc.record({
    kind: fc.constant('versioning' as const),
    status: fc.constantFrom('Enabled' as const, 'Suspended' as const),
  }),
);

async function seen(bucket: BucketContext): Promise<unknown[]> {
  const rows = await world.query<{ version_id: string; is_delete_marker: boolean; etag: string; is_latest: boolean }>(
    'SELECT version_id, is_delete_marker, etag, is_latest FROM versions WHERE bucket_id = $1 ORDER BY order_no DESC',
    [bucket.bucketId],
  );
  return rows.map((row, index) => {
    expect(row.is_latest).toBe(index === 0);
    return { versionId: row.version_id, marker: row.is_delete_marker, etag: row.etag };
  });
}

describe('any sequence of writes, deletes and changes of versioning', () => {
  it('leaves what the rules say', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const model = new Model();
        let bucket = await world.bucket();
        for (const each of steps) {
          if (each.kind === 'versioning') {
            bucket = await world.setVersioning(bucket.name, each.status);
            model.versioning = each.status;
          } else if (each.kind === 'put') {
            const exists = model.versions[0] !== undefined && !model.versions[0].marker;
            const put = world.put(bucket, 'k', each.onlyNew ? { conditions: { ifNoneMatch: '*' } } : {});
            if (each.onlyNew && exists) {
              await expect(put).rejects.toMatchObject({ code: 'PreconditionFailed' });
            } else {
              const { versionId, etag } = await put;
              expect(versionId !== undefined).toBe(model.versioning === 'Enabled');
              model.add({ versionId: versionId ?? 'null', marker: false, etag });
            }
          } else if (each.kind === 'delete') {
            const [result] = (await world.remove(bucket, [{ key: 'k' }])).results;
            if (model.versioning === 'unversioned') model.remove('null');
            else model.add({ versionId: result?.versionId ?? '', marker: true, etag: '' });
            expect(result?.deleteMarker ?? false).toBe(model.versioning !== 'unversioned');
          } else {
            const target = model.versions[each.at];
            if (!target) continue;
            const [result] = (await world.remove(bucket, [{ key: 'k', versionId: target.versionId }])).results;
            expect(result).toEqual({ versionId: target.versionId, ...(target.marker ? { deleteMarker: true } : {}) });
            model.remove(target.versionId);
          }
          expect(await seen(bucket)).toEqual(model.versions);
          const current = model.versions[0];
          const located = world.locate(bucket, 'k');
          if (current && !current.marker) expect((await located).version.etag).toBe(current.etag);
          else await expect(located).rejects.toMatchObject({ code: 'NoSuchKey' });
        }
      }),
      { numRuns: 80 },
    );
  }, 120_000);
});
