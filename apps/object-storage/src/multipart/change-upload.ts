import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import type { Sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { mutate, type Change } from '../shared/forwarded.ts';
import { requiredText } from '../shared/input.ts';
import { forMutation } from '../shared/locks.ts';
import type { UploadName } from './upload-row.ts';

/** Changes one upload, while no part of it is being stored. */
export function changeUpload(
  deps: Deps,
  message: Forwarded,
  work: (tx: Sql, upload: UploadName) => Promise<Change>,
): Promise<ForwardedReply> {
  const key = requiredText(message.input, 'Key');
  const uploadId = requiredText(message.input, 'UploadId');
  return mutate(
    deps,
    message,
    (bucketId) => forMutation([], [{ bucketId, uploadId }]),
    (tx, bucket) => work(tx, { bucketId: bucket.bucket_id, key, uploadId }),
  );
}
