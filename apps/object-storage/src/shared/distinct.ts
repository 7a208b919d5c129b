import { DuplicateRequestError } from '@coffer/database';

/**
 * A request that was sent again may meet its first copy in one batch: then the batch is done element by element, and the
 * second gets the reply of the first.
 * @throws DuplicateRequestError
 */
export function requireDistinct(requestIds: readonly string[]): void {
  if (requestIds.length > 1 && new Set(requestIds).size < requestIds.length) {
    throw new DuplicateRequestError('twice in one batch');
  }
}
