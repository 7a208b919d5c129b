import type { S3Client } from '@aws-sdk/client-s3';
import {
  AbortMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { inParallel } from '../in-parallel.ts';
import type { Caller, Shared } from './caller.ts';
import { KEPT, PLAIN } from './caller.ts';
import { get } from './reads.ts';
import { holds } from './values.ts';
import type { ShownVersion } from './versions.ts';

/** Reads every key once more; each read becomes part of its history. Compares with the whole listing. */
async function currentValues(caller: Caller, bucket: string, keys: readonly string[]): Promise<string[]> {
  const problems: string[] = [];
  const listed = new Map<string, string | undefined>();
  for await (const page of paginateListObjectsV2({ client: caller.s3 }, { Bucket: bucket, MaxKeys: 300 })) {
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

async function everyVersion(s3: S3Client, shared: Shared): Promise<string[]> {
  const problems: string[] = [];
  const shown: ShownVersion[] = [];
  const bodies: { key: string; id: string; etag: string }[] = [];
  let marker: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
  for (;;) {
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket: KEPT, ...marker }));
    for (const { Key, VersionId } of page.DeleteMarkers ?? []) shown.push({ key: Key!, id: VersionId!, value: '' });
    for (const { Key, VersionId, ETag } of page.Versions ?? []) {
      shown.push({ key: Key!, id: VersionId!, value: shared.values.of(ETag)?.name ?? `unknown ETag ${ETag}` });
      bodies.push({ key: Key!, id: VersionId!, etag: ETag! });
    }
    if (!page.IsTruncated) break;
    marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
  problems.push(...shared.versions.check(shown));
  await inParallel(bodies, async ({ key, id, etag }) => {
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: KEPT, Key: key, VersionId: id }));
      const value = shared.values.of(etag);
      if (value && !holds(value, Buffer.from(await Body!.transformToByteArray())))
        problems.push(`version ${id} of ${key} holds other bytes than its ETag says`);
    } catch (error) {
      problems.push(`version ${id} of ${key} is listed and cannot be read: ${(error as Error).message}`);
    }
  });
  return problems;
}

/** Gives up every upload that is still open, so that none of its parts has an owner. */
async function abortUploads(s3: S3Client, bucket: string): Promise<void> {
  for (;;) {
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    if (Uploads.length === 0) return;
    await inParallel(Uploads, async ({ Key, UploadId }) => {
      await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: Key!, UploadId: UploadId! }));
    });
  }
}

/** What is there when all clients have stopped and nothing is disturbed any more. @returns what is wrong */
export async function lastLook(caller: Caller, keys: readonly string[]): Promise<string[]> {
  const problems: string[] = [];
  for (const bucket of [PLAIN, KEPT]) {
    await abortUploads(caller.s3, bucket);
    problems.push(...(await currentValues(caller, bucket, keys)));
  }
  problems.push(...(await everyVersion(caller.s3, caller.shared)));
  return problems;
}
