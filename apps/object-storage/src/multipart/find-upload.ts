import type { objectStorage, RequestOf, UploadFacts } from '@coffer/contracts';
import { freshBucket } from '../buckets/bucket-row.ts';
import type { Deps } from '../deps.ts';
import { requireUpload, uploadFactsOf } from './upload-row.ts';

/** What parts of the upload need to know. @throws Fault StaleContext, NoSuchUpload */
export async function findUpload(
  deps: Deps,
  message: RequestOf<typeof objectStorage.findUpload>,
): Promise<UploadFacts> {
  const { revision, key, uploadId } = message;
  await freshBucket(deps.db, revision);
  return uploadFactsOf(await requireUpload(deps.db, { bucketId: revision.bucketId, key, uploadId }));
}
