import { objectStorage, type BucketContext, type Forwarded, type ForwardedReply } from '@coffer/contracts';
import type { Database, Sql, Statement } from '@coffer/database';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Deps } from '../deps.ts';
import { listObjectVersions } from '../listing/list-object-versions.ts';
import { listObjectsV2 } from '../listing/list-objects-v2.ts';
import { listObjects } from '../listing/list-objects.ts';
import { findUpload } from '../multipart/find-upload.ts';
import { listMultipartUploads } from '../multipart/list-multipart-uploads.ts';
import { listParts } from '../multipart/list-parts.ts';
import { getObjectTagging } from '../tags/object-tagging.ts';
import { OpaqueIds } from './opaque-ids.ts';
import { callerOf, startWorld, type World } from '../testkit/world.ts';
import { getObjectAttributes } from '../versions/get-object-attributes.ts';

/*
 * A reader may see the bucket, who was just then denied it, and then what was written for others alone. In between is
 * where these tests put the denial and the write.
 */

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

/** The database, with `between` done once, right after the first statement. */
function interrupted(db: Database, between: () => Promise<void>): Database {
  let done: Promise<void> | undefined;
  const watched = (runner: Sql): Sql => ({
    query: async <Row>(statement: Statement, values?: readonly unknown[]) => {
      const rows = await runner.query<Row>(statement, values);
      await (done ??= between());
      return rows;
    },
    execute: (statement, values) => runner.execute(statement, values),
  });
  const transaction: Database['transaction'] = (work, options) => db.transaction((tx) => work(watched(tx)), options);
  return { ...watched(db), transaction } as Database;
}

const forwardedReads: Record<string, (deps: Deps, message: Forwarded) => Promise<ForwardedReply>> = {
  listObjects,
  listObjectsV2,
  listObjectVersions,
  listMultipartUploads,
  listParts,
  getObjectTagging,
  getObjectAttributes,
};

const ids = new OpaqueIds(Buffer.from('of this test'));

async function deny(bucket: BucketContext): Promise<void> {
  const Statement = [{ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: `arn:aws:s3:::${bucket.name}/*` }];
  await world.op('PutBucketPolicy', { Bucket: bucket.name, Policy: JSON.stringify({ Statement }) });
}

it.each(Object.entries(forwardedReads))('%s shows nothing that was written after the denial', async (_, read) => {
  const bucket = await world.bucket();
  const upload = await world.upload(bucket, 'up');
  const between = async () => {
    await deny(bucket);
    const now = await world.context(bucket.name);
    await world.put(now, 'secret', { size: 7777, tags: [{ Key: 'secret', Value: 'x' }] });
    await world.upload(now, 'secret');
    await upload.part(1, 7777, { revision: now.revision });
  };
  const deps = { db: interrupted(world.db, between), ids } as unknown as Deps;
  const isUpload = read === listParts;
  const seen = await read(deps, {
    caller: callerOf(),
    time: Date.now(),
    revision: bucket.revision,
    input: {
      Bucket: bucket.name,
      Key: isUpload ? 'up' : 'secret',
      ...(isUpload ? { UploadId: upload.uploadId } : {}),
      ObjectAttributes: ['ObjectSize'],
    },
  }).catch((error: unknown) => error);
  if (seen instanceof Error) expect(seen).toMatchObject({ code: 'NoSuchKey' });
  else expect(JSON.stringify(seen)).not.toMatch(/secret|7777/);
});

it('an upload is not told of under a configuration that holds no more', async () => {
  const bucket = await world.bucket();
  const upload = await world.upload(bucket, 'up');
  const deps = { db: interrupted(world.db, () => deny(bucket)) } as unknown as Deps;
  const message = { revision: bucket.revision, key: 'up', uploadId: upload.uploadId };
  await expect(findUpload(deps, message)).rejects.toMatchObject({ code: 'StaleContext' });
  await expect(world.call(objectStorage.findUpload, message)).rejects.toMatchObject({ code: 'StaleContext' });
  const now = await world.context(bucket.name);
  expect(await world.call(objectStorage.findUpload, { ...message, revision: now.revision })).toMatchObject({
    key: 'up',
  });
});
