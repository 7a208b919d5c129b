import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { inParallel } from '../in-parallel.ts';
import type { Caller } from './caller.ts';
import { KEPT, PLAIN } from './caller.ts';
import { prefixOf } from './keys.ts';
import type { Linearizability } from './linearizability.ts';
import { checkLinearizability } from './linearizability.ts';
import { get } from './reads.ts';
import { holds } from './values.ts';
import type { ShownVersion } from './versions.ts';

export interface EpochEnd {
  readonly linearizability: Linearizability;
  /** What is not as clients were told. */
  readonly problems: readonly string[];
}

/**
 * Looks at everything of an epoch of keys that no client touches any more: reads and lists it all, compares, and has its
 * history checked, which is forgotten then. Only while nothing is disturbed.
 * @param caller repeats what fails
 * @param remove whether to make room: what was checked is deleted
 */
export async function endEpoch(caller: Caller, epoch: number, remove: boolean): Promise<EpochEnd> {
  const { shared } = caller;
  const keys = shared.keys.all(epoch);
  const prefix = prefixOf(epoch);
  const problems: string[] = [];
  for (const bucket of [PLAIN, KEPT]) {
    await abortUploads(caller, bucket, prefix);
    problems.push(...(await currentValues(caller, bucket, prefix, keys)));
  }
  const shown = await shownVersions(caller, prefix, problems);
  problems.push(...shared.versions.check(shown, keys));
  const linearizability = await checkLinearizability(shared.history.take(`${PLAIN}/${prefix}`, `${KEPT}/${prefix}`));
  if (remove) {
    await removeAll(
      caller,
      PLAIN,
      keys.map((Key) => ({ Key })),
    );
    await removeAll(
      caller,
      KEPT,
      shown.map(({ key, id }) => ({ Key: key, VersionId: id })),
    );
  }
  shared.versions.forget(keys);
  for (const key of keys) for (const bucket of [PLAIN, KEPT]) shared.seen.delete(`${bucket}/${key}`);
  return { linearizability, problems };
}

/** Reads every key once more; each read becomes part of its history. Compares with the whole listing. */
async function currentValues(
  caller: Caller,
  bucket: string,
  Prefix: string,
  keys: readonly string[],
): Promise<string[]> {
  const problems: string[] = [];
  const listed = new Map<string, string | undefined>();
  for await (const page of paginateListObjectsV2({ client: caller.s3 }, { Bucket: bucket, Prefix })) {
    for (const { Key, ETag } of page.Contents ?? []) listed.set(Key!, ETag);
  }
  await inParallel(keys, async (key) => {
    caller.shared.seen.delete(`${bucket}/${key}`);
    await get(caller, bucket, key);
    const seen = caller.shared.seen.get(`${bucket}/${key}`)?.etag;
    if (listed.get(key) !== seen)
      problems.push(`${bucket}/${key} is listed as ${listed.get(key)} and read as ${seen}, while nobody writes`);
    listed.delete(key);
  });
  for (const key of listed.keys()) problems.push(`${bucket}/${key} is listed, and nobody wrote it`);
  return problems;
}

/** Every version that is listed, each read by its id. */
async function shownVersions({ s3, shared }: Caller, Prefix: string, problems: string[]): Promise<ShownVersion[]> {
  const shown: ShownVersion[] = [];
  const bodies: { Key: string; VersionId: string; etag: string }[] = [];
  let marker: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
  for (;;) {
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket: KEPT, Prefix, ...marker }));
    for (const { Key, VersionId } of page.DeleteMarkers ?? []) shown.push({ key: Key!, id: VersionId!, value: '' });
    for (const { Key, VersionId, ETag } of page.Versions ?? []) {
      shown.push({ key: Key!, id: VersionId!, value: shared.values.of(ETag)?.name ?? `unknown ETag ${ETag}` });
      bodies.push({ Key: Key!, VersionId: VersionId!, etag: ETag! });
    }
    if (!page.IsTruncated) break;
    marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
  await inParallel(bodies, async ({ Key, VersionId, etag }) => {
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: KEPT, Key, VersionId }));
      const value = shared.values.of(etag);
      if (value && !holds(value, Buffer.from(await Body!.transformToByteArray())))
        problems.push(`version ${VersionId} of ${Key} holds other bytes than its ETag says`);
    } catch (error) {
      problems.push(`version ${VersionId} of ${Key} is listed and cannot be read: ${(error as Error).message}`);
    }
  });
  return shown;
}

/** Gives up every upload that is still open, so that none of its parts has an owner. */
async function abortUploads({ s3 }: Caller, Bucket: string, Prefix: string): Promise<void> {
  for (;;) {
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix }));
    if (Uploads.length === 0) return;
    await inParallel(Uploads, async ({ Key, UploadId }) => {
      await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: Key!, UploadId: UploadId! }));
    });
  }
}

/** As many as one call may name. */
const AT_ONCE = 1_000;

async function removeAll(
  { s3 }: Caller,
  Bucket: string,
  all: readonly { readonly Key: string; readonly VersionId?: string }[],
): Promise<void> {
  for (let from = 0; from < all.length; from += AT_ONCE) {
    const Objects = all.slice(from, from + AT_ONCE);
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
  }
}
