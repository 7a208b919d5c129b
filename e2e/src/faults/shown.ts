import type { S3Client } from '@aws-sdk/client-s3';
import {
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';
import { sha256 } from '../harness/data.ts';
import type { Content } from './contents.ts';

export interface Listed {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly isLatest: boolean;
  readonly isDeleteMarker: boolean;
  readonly size: number;
  readonly etag: string;
}

export async function listKeys(client: S3Client, bucket: string): Promise<Map<string, Listed>> {
  const all = new Map<string, Listed>();
  for (let token: string | undefined; ;) {
    const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: token }));
    for (const { Key, Size, ETag } of page.Contents ?? []) {
      if (all.has(Key!)) throw new Error(`${Key} is listed twice`);
      all.set(Key!, {
        key: Key!,
        versionId: undefined,
        isLatest: true,
        isDeleteMarker: false,
        size: Size!,
        etag: ETag!,
      });
    }
    token = page.NextContinuationToken;
    if (!page.IsTruncated) return all;
  }
}

/** All versions and delete markers of each key, newest first. */
export async function listVersions(client: S3Client, bucket: string): Promise<Map<string, Listed[]>> {
  const all = new Map<string, Listed[]>();
  for (let marker: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {}; ;) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, ...marker }));
    const entries = [
      ...(page.Versions ?? []).map((entry) => ({ ...entry, isDeleteMarker: false })),
      ...(page.DeleteMarkers ?? []).map((entry) => ({ ...entry, Size: 0, ETag: '', isDeleteMarker: true })),
    ];
    for (const entry of entries) {
      const listed: Listed = {
        key: entry.Key!,
        versionId: entry.VersionId!,
        isLatest: entry.IsLatest === true,
        isDeleteMarker: entry.isDeleteMarker,
        size: entry.Size!,
        etag: entry.ETag!,
      };
      const known = all.get(listed.key);
      if (known) known.push(listed);
      else all.set(listed.key, [listed]);
    }
    if (!page.IsTruncated) return all;
    marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
}

/**
 * Reads a listed object in full, and asks HEAD too.
 * @returns what it holds, and where listing, HEAD and GET do not say the same
 */
export async function readListed(
  client: S3Client,
  bucket: string,
  listed: Listed,
): Promise<{ content: Content; problems: string[] }> {
  const { key, versionId } = listed;
  const named = { Bucket: bucket, Key: key, ...(versionId !== undefined && { VersionId: versionId }) };
  const head = await client.send(new HeadObjectCommand(named));
  const answer = await client.send(new GetObjectCommand(named));
  const bytes = Buffer.from(await answer.Body!.transformToByteArray());
  const tags =
    (answer.TagCount ?? 0) === 0 ? [] : ((await client.send(new GetObjectTaggingCommand(named))).TagSet ?? []);
  const problems: string[] = [];
  for (const [where, size, etag] of [
    ['HEAD', head.ContentLength, head.ETag],
    ['GET', bytes.length, answer.ETag],
  ] as const) {
    if (size !== listed.size) problems.push(`${key}: the listing says ${listed.size} bytes, ${where} says ${size}`);
    if (etag !== listed.etag) problems.push(`${key}: the listing says ETag ${listed.etag}, ${where} says ${etag}`);
  }
  const content = {
    sha256: sha256(bytes),
    size: bytes.length,
    tags: tags
      .map(({ Key, Value }) => `${Key}=${Value}`)
      .sort()
      .join('&'),
  };
  return { content, problems };
}
