import { sql, type Sql } from '@coffer/database';
import type { UploadName } from './upload-row.ts';

const drop = sql('multipart.drop', 'DELETE FROM uploads WHERE bucket_id = $1 AND key = $2 AND upload_id = $3');
const remember = sql(
  'multipart.remember',
  `INSERT INTO removed_uploads (bucket_id, upload_id)
   SELECT $1, $2 WHERE EXISTS (SELECT FROM upload_parts WHERE bucket_id = $1 AND upload_id = $2)`,
);

/**
 * Ends an upload. Without its row nobody reaches its parts any more. Their rows, of which there may be ten thousand with a
 * body each, are left to the collector (forget-uploads.ts), so that this costs the same however many there are.
 */
export async function dropUpload(tx: Sql, { bucketId, key, uploadId }: UploadName): Promise<void> {
  await Promise.all([tx.execute(drop, [bucketId, key, uploadId]), tx.execute(remember, [bucketId, uploadId])]);
}
