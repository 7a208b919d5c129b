import type { S3Client } from '@aws-sdk/client-s3';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  AbortMultipartUploadCommand,
} from '@aws-sdk/client-s3';
import { md5 } from '../harness/data.ts';
import { copySource } from './operations.ts';
import { asAdministrator } from './database.ts';
import type { Scenario, State, World } from './scenario.ts';
import { listKeys, listVersions, readListed } from './shown.ts';

/** The whole body of a key; undefined when GET answers NoSuchKey. HEAD and listing must agree. */
async function bodyOf(client: S3Client, bucket: string, key: string): Promise<Buffer | undefined> {
  const listed = (await listKeys(client, bucket)).get(key);
  try {
    const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const body = Buffer.from(await answer.Body!.transformToByteArray());
    if (!listed) throw new Error(`${key} can be read and is not listed`);
    const { problems } = await readListed(client, bucket, listed);
    if (problems.length > 0) throw new Error(problems.join('\n'));
    return body;
  } catch (error) {
    if ((error as Error).name !== 'NoSuchKey') throw error;
    if (listed) throw new Error(`${key} is listed and cannot be read`, { cause: error });
    return undefined;
  }
}

function stateOf(seen: Buffer | undefined, before: Buffer | undefined, after: Buffer | undefined): State {
  const is = (wanted: Buffer | undefined) => (seen && wanted ? seen.equals(wanted) : seen === wanted);
  if (is(before)) return 'before';
  if (is(after)) return 'after';
  throw new Error(`half visible: ${seen?.length} bytes that are neither the old nor the new body`);
}

const put = (world: World, Bucket: string, Key: string, Body: Buffer) =>
  world.s3.send(new PutObjectCommand({ Bucket, Key, Body }));
const key = ({ unique }: World) => `key/${unique}`;
const several = (world: World) => [1, 2, 3, 4].map((n) => `${key(world)}/${n}`);

const COMMIT = ['object-storage.commit.before-commit', 'object-storage.commit.before-reply'];
const RECORD = ['gateway.record.before-final', 'audit.record.committed'];
const PUT = [
  'gateway.put-object.before-seal',
  'gateway.put-object.before-commit',
  'gateway.put-object.before-answer',
  ...COMMIT,
];
const DELETE = [
  'gateway.delete.before-call',
  'object-storage.delete.before-commit',
  'object-storage.delete.before-settle',
  'object-storage.delete.before-reply',
  'gateway.delete.before-answer',
];
const FORWARD = ['gateway.forward.before-call', 'gateway.forward.before-answer'];
const CHANGE = ['object-storage.change.before-commit', 'object-storage.change.before-reply'];

const overwrite = (name: string, size: 'small' | 'large', failpoints: string[]): Scenario => ({
  name,
  failpoints,
  operation: 'PutObject',
  prepare: (world) => put(world, world.bucket, key(world), world.body(`${size} old`)),
  act: (world) => put(world, world.bucket, key(world), world.body(`${size} new`)),
  state: async (world) =>
    stateOf(await bodyOf(world.s3, world.bucket, key(world)), world.body(`${size} old`), world.body(`${size} new`)),
});

const putVersion: Scenario = {
  name: 'PutObject in a versioned bucket',
  failpoints: COMMIT,
  operation: 'PutObject',
  prepare: (world) => put(world, world.versioned, key(world), world.body('large old')),
  act: (world) => put(world, world.versioned, key(world), world.body('large new')),
  state: async (world) => {
    const versions = (await listVersions(world.s3, world.versioned)).get(key(world)) ?? [];
    // A repetition is another request, so it may make a third version, as at AWS.
    if (versions.length < 1 || versions.length > 3) throw new Error(`${versions.length} versions`);
    const body = await bodyOf(world.s3, world.versioned, key(world));
    return stateOf(body, world.body('large old'), world.body('large new'));
  },
};

const createOnce: Scenario = {
  name: 'PutObject with If-None-Match',
  failpoints: ['gateway.put-object.before-commit', ...COMMIT],
  operation: 'PutObject',
  act: (world) =>
    world.s3.send(
      new PutObjectCommand({ Bucket: world.bucket, Key: key(world), Body: world.body('large new'), IfNoneMatch: '*' }),
    ),
  state: async (world) => stateOf(await bodyOf(world.s3, world.bucket, key(world)), undefined, world.body('large new')),
  repeated: ['PreconditionFailed'],
};

const remove: Scenario = {
  name: 'DeleteObject',
  failpoints: [...DELETE, ...RECORD],
  operation: 'DeleteObject',
  prepare: (world) => put(world, world.bucket, key(world), world.body('large old')),
  act: (world) => world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key: key(world) })),
  state: async (world) => stateOf(await bodyOf(world.s3, world.bucket, key(world)), world.body('large old'), undefined),
};

const removeSeveral: Scenario = {
  name: 'DeleteObjects',
  failpoints: [...DELETE, ...RECORD],
  operation: 'DeleteObjects',
  prepare: async (world) => {
    for (const name of several(world)) await put(world, world.bucket, name, world.body('small old'));
  },
  act: (world) =>
    world.s3.send(
      new DeleteObjectsCommand({ Bucket: world.bucket, Delete: { Objects: several(world).map((Key) => ({ Key })) } }),
    ),
  state: async (world) => {
    const states: State[] = [];
    for (const name of several(world)) {
      states.push(stateOf(await bodyOf(world.s3, world.bucket, name), world.body('small old'), undefined));
    }
    if (new Set(states).size !== 1) throw new Error(`one request, and only some keys are gone: ${states.join()}`);
    return states[0]!;
  },
};

/** The rules that protect buckets have no operation yet. */
async function protect(world: World, bucket: string): Promise<void> {
  await asAdministrator(world.running.data, (client) =>
    client.query('UPDATE objects.buckets SET protected = true, revision = revision + 1 WHERE name = $1', [bucket]),
  );
}

/** A deletion that needs governance's grant first. */
const removeProtected: Scenario = {
  name: 'DeleteObject of a version in a protected bucket',
  failpoints: [
    'governance.grantDeletion.committed',
    'object-storage.delete.after-grant',
    'object-storage.delete.before-settle',
    'governance.settleGrants.committed',
  ],
  operation: 'DeleteObject',
  prepare: async (world) => {
    await protect(world, world.versioned);
    const { VersionId } = await put(world, world.versioned, key(world), world.body('large old'));
    world.facts.set('version', VersionId!);
  },
  act: (world) =>
    world.s3.send(
      new DeleteObjectCommand({ Bucket: world.versioned, Key: key(world), VersionId: world.facts.get('version')! }),
    ),
  state: async (world) => {
    const versions = (await listVersions(world.s3, world.versioned)).get(key(world)) ?? [];
    return versions.length === 0 ? 'after' : 'before';
  },
};

const guarded = ({ unique }: World) => `guarded-${unique}`;

/** In a bucket without versions an overwrite destroys what was there, and needs a grant for that. */
const replaceProtected: Scenario = {
  name: 'PutObject over an object in a protected bucket',
  failpoints: [
    'object-storage.place.after-grant',
    'object-storage.commit.before-commit',
    'object-storage.place.before-settle',
    'governance.settleGrants.committed',
  ],
  operation: 'PutObject',
  prepare: async (world) => {
    await world.s3.send(new CreateBucketCommand({ Bucket: guarded(world) }));
    await protect(world, guarded(world));
    await put(world, guarded(world), key(world), world.body('large old'));
  },
  act: (world) => put(world, guarded(world), key(world), world.body('large new')),
  state: async (world) =>
    stateOf(await bodyOf(world.s3, guarded(world), key(world)), world.body('large old'), world.body('large new')),
};

const copy: Scenario = {
  name: 'CopyObject',
  failpoints: ['gateway.copy-object.before-commit', 'gateway.copy-object.before-answer', ...COMMIT, ...RECORD],
  operation: 'CopyObject',
  prepare: async (world) => {
    await put(world, world.bucket, `${key(world)}/source`, world.body('large new'));
    await put(world, world.bucket, key(world), world.body('small old'));
  },
  act: (world) =>
    world.s3.send(
      new CopyObjectCommand({
        Bucket: world.bucket,
        Key: key(world),
        CopySource: copySource(world.bucket, `${key(world)}/source`),
      }),
    ),
  state: async (world) =>
    stateOf(await bodyOf(world.s3, world.bucket, key(world)), world.body('small old'), world.body('large new')),
};

async function begin(world: World): Promise<void> {
  const { UploadId } = await world.s3.send(new CreateMultipartUploadCommand({ Bucket: world.bucket, Key: key(world) }));
  world.facts.set('upload', UploadId!);
}

const named = (world: World) => ({ Bucket: world.bucket, Key: key(world), UploadId: world.facts.get('upload')! });
const sendPart = (world: World) =>
  world.s3.send(new UploadPartCommand({ ...named(world), PartNumber: 1, Body: world.body('large new') }));

const createUpload: Scenario = {
  name: 'CreateMultipartUpload',
  failpoints: [
    'object-storage.create-upload.before-commit',
    'object-storage.create-upload.before-reply',
    'gateway.create-multipart-upload.before-answer',
  ],
  operation: 'CreateMultipartUpload',
  act: begin,
  state: async (world) => {
    const { Uploads = [] } = await world.s3.send(
      new ListMultipartUploadsCommand({ Bucket: world.bucket, Prefix: key(world) }),
    );
    // A repetition is another request, so it begins another upload, as at AWS.
    if (Uploads.length > 2) throw new Error(`${Uploads.length} uploads`);
    return Uploads.length === 0 ? 'before' : 'after';
  },
};

async function partSeen(world: World): Promise<State> {
  const { Parts = [] } = await world.s3.send(new ListPartsCommand(named(world)));
  if (Parts.length === 0) return 'before';
  if (Parts[0]!.ETag !== `"${md5(world.body('large new'))}"`) throw new Error('a part that nobody sent');
  return 'after';
}

const uploadPart: Scenario = {
  name: 'UploadPart',
  failpoints: [
    'gateway.upload-part.before-commit',
    'object-storage.commit-part.before-commit',
    'object-storage.commit-part.before-reply',
    'gateway.upload-part.before-answer',
  ],
  operation: 'UploadPart',
  prepare: begin,
  act: sendPart,
  state: partSeen,
};

const uploadPartCopy: Scenario = {
  name: 'UploadPartCopy',
  failpoints: ['gateway.upload-part-copy.before-commit', 'gateway.upload-part-copy.before-answer'],
  operation: 'UploadPartCopy',
  prepare: async (world) => {
    await put(world, world.bucket, `${key(world)}/source`, world.body('large new'));
    await begin(world);
  },
  act: (world) => {
    const CopySource = copySource(world.bucket, `${key(world)}/source`);
    return world.s3.send(new UploadPartCopyCommand({ ...named(world), PartNumber: 1, CopySource }));
  },
  state: partSeen,
};

const completeUpload: Scenario = {
  name: 'CompleteMultipartUpload',
  failpoints: [
    'gateway.complete-multipart-upload.before-commit',
    'object-storage.complete-upload.before-commit',
    'object-storage.complete-upload.before-reply',
    'gateway.complete-multipart-upload.before-answer',
    ...RECORD,
  ],
  operation: 'CompleteMultipartUpload',
  prepare: async (world) => {
    await begin(world);
    await sendPart(world);
  },
  act: (world) =>
    world.s3.send(
      new CompleteMultipartUploadCommand({
        ...named(world),
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag: `"${md5(world.body('large new'))}"` }] },
      }),
    ),
  state: async (world) => {
    const state = stateOf(await bodyOf(world.s3, world.bucket, key(world)), undefined, world.body('large new'));
    if ((await isListed(world)) !== (state === 'before')) throw new Error('both the upload and its object, or neither');
    return state;
  },
};

async function isListed(world: World): Promise<boolean> {
  const { Uploads = [] } = await world.s3.send(
    new ListMultipartUploadsCommand({ Bucket: world.bucket, Prefix: key(world) }),
  );
  return Uploads.some(({ UploadId }) => UploadId === world.facts.get('upload'));
}

const abort: Scenario = {
  name: 'AbortMultipartUpload',
  failpoints: [...FORWARD, ...CHANGE],
  operation: 'AbortMultipartUpload',
  prepare: async (world) => {
    await begin(world);
    await sendPart(world);
  },
  act: (world) => world.s3.send(new AbortMultipartUploadCommand(named(world))),
  state: async (world) => ((await isListed(world)) ? 'before' : 'after'),
  repeated: ['NoSuchUpload'],
};

const tag: Scenario = {
  name: 'PutObjectTagging',
  failpoints: FORWARD,
  operation: 'PutObjectTagging',
  prepare: (world) => put(world, world.bucket, key(world), world.body('large old')),
  act: (world) =>
    world.s3.send(
      new PutObjectTaggingCommand({
        Bucket: world.bucket,
        Key: key(world),
        Tagging: {
          TagSet: [
            { Key: 'a', Value: '1' },
            { Key: 'b', Value: '2' },
          ],
        },
      }),
    ),
  state: async (world) => {
    const { TagSet = [] } = await world.s3.send(new GetObjectTaggingCommand({ Bucket: world.bucket, Key: key(world) }));
    if (TagSet.length !== 0 && TagSet.length !== 2) throw new Error('half of the tags');
    return TagSet.length === 0 ? 'before' : 'after';
  },
};

export const objectScenarios: readonly Scenario[] = [
  overwrite('PutObject, body in the row', 'small', [...PUT, ...RECORD]),
  overwrite('PutObject, body in the blob tier', 'large', PUT),
  putVersion,
  createOnce,
  remove,
  removeSeveral,
  removeProtected,
  replaceProtected,
  copy,
  createUpload,
  uploadPart,
  uploadPartCopy,
  completeUpload,
  abort,
  tag,
];
