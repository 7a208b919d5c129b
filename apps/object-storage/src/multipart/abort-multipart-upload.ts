import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { changeUpload } from './change-upload.ts';
import { requireUpload } from './upload-row.ts';

export const dropUpload = sql(
  'multipart.drop',
  `WITH parts AS (DELETE FROM upload_parts WHERE bucket_id = $1 AND upload_id = $3 RETURNING blob_id),
        doomed AS (UPDATE blob_claims SET state = 'doomed', since = clock_timestamp()
                    WHERE blob_id = ANY (ARRAY(SELECT blob_id FROM parts)))
   DELETE FROM uploads WHERE bucket_id = $1 AND key = $2 AND upload_id = $3`,
);

/** Ends the upload; its parts are gone for everybody at once, their blobs when nobody can still be writing. */
export function abortMultipartUpload(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return changeUpload(deps, message, async (tx, upload) => {
    await requireUpload(tx, upload);
    await tx.execute(dropUpload, [upload.bucketId, upload.key, upload.uploadId]);
    return { status: 204 };
  });
}
