import { s3Error, type Caller, type Fault } from '@coffer/contracts';
import { DuplicateRequestError, sqlState, violatedConstraint } from '@coffer/database';
import type { Deps } from '../deps.ts';

/**
 * Whether a batch may have failed because of the values of one of its elements, so that it is worth doing one by one:
 * bad data (class 22), a broken constraint (23), more than the database can hold in one place (54).
 */
export function mayBeOneElement(error: unknown): boolean {
  return error instanceof DuplicateRequestError || /^(22|23|54)/.test(sqlState(error) ?? '');
}

/** What breaks in good order: the collector, or another copy of the request, was first. */
function wasForestalled(error: unknown): boolean {
  return error instanceof DuplicateRequestError || violatedConstraint(error) === 'blob_claims_pkey';
}

/**
 * What the one element is answered with. Anything but coming second is a mistake of ours, so it is told of; the values
 * are not, since logs are kept in clear.
 */
export function abortedElement(deps: Pick<Deps, 'log'>, error: unknown, { requestId }: Caller): Fault {
  if (!wasForestalled(error)) {
    const details = { requestId, sqlState: sqlState(error), constraint: violatedConstraint(error) };
    deps.log.error(details, 'the database refuses what a request would write');
  }
  return s3Error('OperationAborted');
}
