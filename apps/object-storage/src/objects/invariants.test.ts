import { newBlobId } from '@coffer/blob-store';
import { isFault, type BucketContext } from '@coffer/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callerOf, draftOf, startWorld, type World } from '../testkit/world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ COFFER_DATABASE_CONNECTIONS: '8' });
});
afterAll(() => world?.close());

const KEYS = ['a', 'b', 'c'];
/** What a racing client may be told; anything else is a mistake of ours. */
const EXPECTED = new Set([
  'StaleContext',
  'NoSuchKey',
  'NoSuchVersion',
  'NoSuchUpload',
  'PreconditionFailed',
  'InvalidPart',
  'InvalidArgument',
  'MethodNotAllowed',
]);

function pick<T>(values: readonly T[]): T {
  return values[Math.floor(Math.random() * values.length)] as T;
}

const blob = () => ({ kind: 'blob' as const, blobId: newBlobId(), sealedSize: 9, header: new Uint8Array(4) });

/** One client that does this and that, always under the newest configuration it has seen. */
async function client(name: string, steps: number, answered: string[]): Promise<void> {
  let bucket: BucketContext = await world.context(name);
  const uploads: Awaited<ReturnType<World['upload']>>[] = [];
  const known: string[] = [];
  for (let step = 0; step < steps; step += 1) {
    const key = pick(KEYS);
    const caller = callerOf();
    const upload = pick(uploads);
    const draft = draftOf(caller, 'DeleteObjects', { bucket: name });
    const actions: (() => Promise<unknown>)[] = [
      () => world.put(bucket, key, { caller, body: blob() }),
      () => world.put(bucket, key, { caller, body: blob(), conditions: { ifNoneMatch: '*' } }),
      async () => {
        const put = await world.put(bucket, key, { caller });
        if (put.versionId !== undefined) known.push(put.versionId);
      },
      () => world.remove(bucket, [{ key }], { caller, draft }),
      () =>
        world.remove(
          bucket,
          [...KEYS, key].map((each) => ({ key: each })),
          { caller, draft },
        ),
      () =>
        world.remove(bucket, [{ key, versionId: 'null' }, { key, versionId: pick(known) ?? 'null' }, { key }], {
          caller,
          draft,
        }),
      async () => void uploads.push(await world.upload(bucket, key)),
      async () => upload?.part(pick([1, 2]), 10, { caller }),
      async () => {
        if (!upload) return;
        const parts = [await upload.part(1, 10), await upload.part(2, 10)];
        await upload.complete([{ partNumber: pick([1, 2]), etag: pick(parts).etag }], { caller });
      },
      async () => upload?.abort(),
      () => world.op('PutObjectTagging', { Bucket: name, Key: key, Tagging: { TagSet: [] } }, { caller, bucket }),
    ];
    if (step % 10 === 9)
      actions.splice(0, actions.length, () => world.setVersioning(name, pick(['Enabled', 'Suspended'])));
    try {
      await pick(actions)();
      answered.push(caller.requestId);
    } catch (error) {
      if (!isFault(error) || !EXPECTED.has(error.code)) throw error;
      bucket = await world.context(name);
    }
  }
}

it('many clients at once leave nothing half done', async () => {
  const { name, bucketId } = await world.bucket();
  const answered: string[] = [];
  await Promise.all(Array.from({ length: 12 }, () => client(name, 60, answered)));
  expect(answered.length).toBeGreaterThan(100);

  const none = async (what: string, text: string) => {
    expect(await world.query(text, [bucketId]), what).toEqual([]);
  };
  await none(
    'the newest version of each key, and no other, is marked so',
    `SELECT key, order_no FROM versions v WHERE bucket_id = $1
        AND is_latest <> (order_no = (SELECT max(order_no) FROM versions n WHERE n.bucket_id = $1 AND n.key = v.key))`,
  );
  const blobsInUse = `
    SELECT blob_id FROM versions WHERE bucket_id = $1 AND blob_id IS NOT NULL AND body IS NULL
    UNION ALL SELECT blob_id FROM version_parts WHERE bucket_id = $1 UNION ALL SELECT blob_id FROM upload_parts WHERE bucket_id = $1`;
  await none(
    'every blob in use is claimed as such',
    `SELECT blob_id FROM (${blobsInUse}) u WHERE NOT EXISTS
       (SELECT FROM blob_claims c WHERE c.blob_id = u.blob_id AND c.state = 'live')`,
  );
  await none(
    'every blob claimed as in use is',
    `SELECT blob_id FROM blob_claims WHERE bucket_id = $1 AND state = 'live' AND blob_id NOT IN (${blobsInUse})`,
  );
  await none('no blob is used twice', `SELECT blob_id FROM (${blobsInUse}) u GROUP BY 1 HAVING count(*) > 1`);
  await none(
    'parts belong to a version or an upload',
    `SELECT blob_id FROM version_parts p WHERE bucket_id = $1 AND NOT EXISTS (SELECT FROM versions v
        WHERE v.bucket_id = $1 AND v.internal_version_id = p.internal_version_id AND v.parts_count IS NOT NULL)
        AND NOT EXISTS (SELECT FROM removed_versions r
        WHERE r.bucket_id = $1 AND r.internal_version_id = p.internal_version_id)
     UNION ALL SELECT blob_id FROM upload_parts p WHERE bucket_id = $1 AND NOT EXISTS (SELECT FROM uploads u
        WHERE u.bucket_id = $1 AND u.upload_id = p.upload_id)
        AND NOT EXISTS (SELECT FROM removed_uploads r WHERE r.bucket_id = $1 AND r.upload_id = p.upload_id)`,
  );
  await none(
    'no upload is both there and removed',
    'SELECT upload_id FROM uploads u JOIN removed_uploads r USING (bucket_id, upload_id) WHERE u.bucket_id = $1',
  );
  await none(
    'no version is both there and removed',
    `SELECT key FROM versions v JOIN removed_versions r USING (bucket_id, internal_version_id) WHERE v.bucket_id = $1`,
  );
  await none(
    'a version has all of its parts',
    `SELECT key FROM versions v WHERE bucket_id = $1 AND parts_count IS NOT NULL AND parts_count <> (SELECT count(*)
       FROM version_parts p WHERE p.bucket_id = $1 AND p.internal_version_id = v.internal_version_id)`,
  );
}, 120_000);
