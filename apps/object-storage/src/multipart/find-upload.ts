import type { objectStorage, RequestOf, UploadFacts } from '@coffer/contracts';
import { freshBucket, isBucketId } from '../buckets/bucket-row.ts';
import type { Deps } from '../deps.ts';
import { findUploads, noSuchUpload, uploadFactsOf, uploadPlace } from './upload-row.ts';

/** What parts of the upload need to know. @throws Fault StaleContext, NoSuchUpload */
export async function findUpload(
  deps: Deps,
  message: RequestOf<typeof objectStorage.findUpload>,
): Promise<UploadFacts> {
  const { revision, key, uploadId } = message;
  const name = { bucketId: revision.bucketId, key, uploadId };
  // The upload first: what is seen then was there while the configuration that is found to hold still held.
  const upload = (isBucketId(name.bucketId) ? await findUploads(deps.db, [name]) : undefined)?.get(uploadPlace(name));
  await freshBucket(deps.db, revision);
  if (!upload) throw noSuchUpload(uploadId);
  return uploadFactsOf(upload);
}
