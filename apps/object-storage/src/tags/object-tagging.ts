import type { Forwarded, ForwardedReply, Tag } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { BucketRow } from '../buckets/bucket-row.ts';
import type { Deps } from '../deps.ts';
import { changeKey, readContents } from '../shared/forwarded.ts';
import { requiredText, structure, text } from '../shared/input.ts';
import { findVersion, type FoundVersion } from '../versions/find-version.ts';
import { readTags } from './check-tags.ts';

const set = sql(
  'tags.set',
  `UPDATE versions SET tags = $4, tag_revision = tag_revision + 1 WHERE bucket_id = $1 AND key = $2 AND order_no = $3`,
);

function shownId(bucket: BucketRow, version: FoundVersion): { VersionId?: string } {
  return bucket.versioning === 'unversioned' ? {} : { VersionId: version.version_id };
}

async function replaceTags(deps: Deps, message: Forwarded, tags: Tag[], status: number): Promise<ForwardedReply> {
  const key = requiredText(message.input, 'Key');
  return await changeKey(deps, message, key, async (tx, bucket) => {
    const version = await findVersion(deps, tx, bucket, key, text(message.input, 'VersionId'));
    await tx.execute(set, [bucket.bucket_id, key, version.order_no, JSON.stringify(tags)]);
    const output = shownId(bucket, version);
    return { output, status, draft: { key, versionId: version.version_id } };
  });
}

/** Replaces all tags of a version. */
export async function putObjectTagging(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return await replaceTags(deps, message, readTags(structure(message.input, 'Tagging')), 200);
}

export function deleteObjectTagging(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return replaceTags(deps, message, [], 204);
}

export function getObjectTagging(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return readContents(deps, message, async (tx, bucket) => {
    const { input } = message;
    const version = await findVersion(deps, tx, bucket, requiredText(input, 'Key'), text(input, 'VersionId'));
    return { ...shownId(bucket, version), TagSet: version.tags };
  });
}
