import type { audit, ReplyOf, RequestOf } from '@coffer/contracts';
import type { Deps } from '../deps.ts';

type Contract = typeof audit.outboxes.identity.settle;

/** Audit has these records: their drafts are not needed any more. */
export async function settle(deps: Deps, message: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
  await deps.outbox.settle(message.requestIds);
  return {};
}
