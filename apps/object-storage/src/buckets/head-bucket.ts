import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import type { Deps } from '../deps.ts';
import { readBucket } from '../shared/forwarded.ts';

export function headBucket(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return readBucket(deps, message, (bucket) => ({ BucketRegion: bucket.region, AccessPointAlias: false }));
}
