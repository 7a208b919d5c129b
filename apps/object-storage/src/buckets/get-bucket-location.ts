import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import type { Deps } from '../deps.ts';
import { readBucket } from '../shared/forwarded.ts';
import { constraintOf } from './location.ts';

export function getBucketLocation(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return readBucket(deps, message, (bucket) => ({ LocationConstraint: constraintOf(bucket.region) }));
}
