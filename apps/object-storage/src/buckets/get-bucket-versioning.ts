import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import type { Deps } from '../deps.ts';
import { readBucket } from '../shared/forwarded.ts';

const STATUS = { unversioned: undefined, enabled: 'Enabled', suspended: 'Suspended' } as const;

/** An empty answer for a bucket on which versioning was never set. */
export function getBucketVersioning(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return readBucket(deps, message, (bucket) => ({ Status: STATUS[bucket.versioning] }));
}
