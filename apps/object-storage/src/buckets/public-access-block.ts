import { s3Error, type Forwarded, type ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { changeBucket, readBucket } from '../shared/forwarded.ts';
import { structure } from '../shared/input.ts';
import type { PublicAccessBlock } from './bucket-row.ts';

const set = sql(
  'buckets.setPublicAccessBlock',
  'UPDATE buckets SET public_access_block = $2::text::jsonb, revision = revision + 1 WHERE bucket_id = $1',
);

/** A setting that is not named is turned off. */
export async function putPublicAccessBlock(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const asked = structure(message.input, 'PublicAccessBlockConfiguration');
  if (!asked) throw s3Error('MalformedXML');
  const block: PublicAccessBlock = {
    BlockPublicAcls: asked.BlockPublicAcls === true,
    IgnorePublicAcls: asked.IgnorePublicAcls === true,
    BlockPublicPolicy: asked.BlockPublicPolicy === true,
    RestrictPublicBuckets: asked.RestrictPublicBuckets === true,
  };
  return await changeBucket(deps, message, async (tx, bucket) => {
    await tx.execute(set, [bucket.bucket_id, JSON.stringify(block)]);
    return {};
  });
}

export function getPublicAccessBlock(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return readBucket(deps, message, (bucket) => {
    const block = bucket.public_access_block;
    if (!block) throw s3Error('NoSuchPublicAccessBlockConfiguration', { BucketName: bucket.name });
    return { PublicAccessBlockConfiguration: block };
  });
}

export function deletePublicAccessBlock(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return changeBucket(deps, message, async (tx, bucket) => {
    if (bucket.public_access_block) await tx.execute(set, [bucket.bucket_id, null]);
    return { status: 204 };
  });
}
