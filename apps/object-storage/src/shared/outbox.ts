import type { audit, ReplyOf, RequestOf } from '@coffer/contracts';
import type { Deps } from '../deps.ts';

type Contracts = (typeof audit.outboxes)['object-storage'];

/** Drafts that a crash of a gateway may have left without final values. */
export async function outboxPending(
  deps: Deps,
  message: RequestOf<Contracts['pending']>,
): Promise<ReplyOf<Contracts['pending']>> {
  const entries = await deps.outbox.pending(message);
  return { entries: entries as ReplyOf<Contracts['pending']>['entries'] };
}

/** Audit has these records for good. */
export async function outboxSettle(
  deps: Deps,
  message: RequestOf<Contracts['settle']>,
): Promise<Record<string, never>> {
  await deps.outbox.settle(message.requestIds);
  return {};
}
