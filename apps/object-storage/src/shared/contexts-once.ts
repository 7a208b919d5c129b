import { Fault, isFault, type BucketContext } from '@coffer/contracts';

/** Contexts in the replies of one batch: with policy and CORS rules one may have some 84 KB. */
const MAX_CONTEXTS = 16;

/**
 * One change makes the calls of a whole batch stale, and each fault would bring the same bucket context. Only the first
 * one for each bucket does; whoever gets none asks for it.
 */
export function contextsOnce<Reply>(results: readonly (Reply | Fault)[]): (Reply | Fault)[] {
  const told = new Set<string>();
  return results.map((result) => {
    if (!isFault(result, 'StaleContext')) return result;
    const { bucketId } = result.data as BucketContext;
    if (!told.has(bucketId) && told.size < MAX_CONTEXTS) {
      told.add(bucketId);
      return result;
    }
    const { code, message, status } = result;
    return new Fault(code, message, { status });
  });
}
