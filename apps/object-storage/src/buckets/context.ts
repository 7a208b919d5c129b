import type { BucketContext } from '@coffer/contracts';
import type { Deps } from '../deps.ts';
import { contextOf, findBucketByName, noSuchBucket } from './bucket-row.ts';

/** All that a decision about the bucket needs. @throws Fault NoSuchBucket */
export async function context(deps: Deps, message: { bucket: string }): Promise<BucketContext> {
  const row = await findBucketByName(deps.db, message.bucket);
  if (!row) throw noSuchBucket(message.bucket);
  return contextOf(row);
}
