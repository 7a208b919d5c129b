import { s3Error, type Forwarded, type ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { changeBucket } from '../shared/forwarded.ts';

const anyVersion = sql(
  'buckets.anyVersion',
  'SELECT true AS found FROM versions WHERE bucket_id = $1 ORDER BY key LIMIT 1',
);
const remember = sql('buckets.remember', 'INSERT INTO removed_buckets (bucket_id) VALUES ($1)');
const dropCompleted = sql('buckets.dropCompleted', 'DELETE FROM completed_uploads WHERE bucket_id = $1');
const dropKeys = sql('buckets.dropKeys', 'DELETE FROM bucket_keys WHERE bucket_id = $1');
const drop = sql('buckets.drop', 'DELETE FROM buckets WHERE bucket_id = $1');

/**
 * Only an empty bucket goes: versions and delete markers count, uploads in progress are aborted. They cannot be reached
 * without their bucket; their rows, which may be very many, are left to the collector (forget-buckets.ts).
 */
export function deleteBucket(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return changeBucket(deps, message, async (tx, bucket) => {
    const id = bucket.bucket_id;
    const [found] = await tx.query(anyVersion, [id]);
    if (found) {
      const words = 'The bucket you tried to delete is not empty';
      throw s3Error(
        'BucketNotEmpty',
        { BucketName: bucket.name },
        {
          message:
            bucket.versioning === 'unversioned' ? words : `${words}. You must delete all versions in the bucket.`,
        },
      );
    }
    for (const statement of [remember, dropCompleted, dropKeys, drop]) await tx.execute(statement, [id]);
    return { status: 204 };
  });
}
