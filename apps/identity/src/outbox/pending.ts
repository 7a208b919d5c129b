import type { audit, ReplyOf, RequestOf } from '@coffer/contracts';
import type { Deps } from '../deps.ts';

type Contract = typeof audit.outboxes.identity.pending;

/** Drafts of records whose final values may never come. */
export async function pending(deps: Deps, message: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
  const entries = await deps.outbox.pending(message);
  return { entries: entries as ReplyOf<Contract>['entries'] };
}
