import { DuplicateRequestError, sqlState } from '@coffer/database';

/**
 * Whether a batch may have failed because of the values of one of its elements, so that it is worth doing one by one:
 * bad data (class 22), a broken constraint (23), more than the database can hold in one place (54).
 */
export function mayBeOneElement(error: unknown): boolean {
  return error instanceof DuplicateRequestError || /^(22|23|54)/.test(sqlState(error) ?? '');
}
