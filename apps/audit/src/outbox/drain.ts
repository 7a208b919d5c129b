import type { BusClient } from '@coffer/bus';
import { audit, type RequestRecord } from '@coffer/contracts';
import type { Database } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Partitions } from '../partitions/partitions.ts';
import { dayOf, timeOfRequestId } from '../records/request-id.ts';
import { mergeRecords } from '../records/merge.ts';
import { toRow } from '../records/storable.ts';
import { upsertDraftRecords } from '../records/upsert-records.ts';

registerFailpoints('audit.drain.settled', 'audit.drain.stored');

/** Services that commit drafts together with their mutations. */
export type OutboxOwner = keyof typeof audit.outboxes;
export const outboxOwners = Object.keys(audit.outboxes) as OutboxOwner[];

export interface DrainOptions {
  /** Drafts younger than this are left alone, since the gateway's own values are on their way; milliseconds. */
  minAgeMs: number;
  /** Drafts fetched at once. */
  limit: number;
  signal?: AbortSignal;
}

interface DrainDeps {
  client: BusClient;
  database: Database;
  partitions: Partitions;
}

/**
 * Takes over the drafts that wait in one owner's outbox, and returns how many. The order is what keeps the promise: a
 * draft is settled, and so may be forgotten by its owner, only after audit's transaction has committed. A crash in
 * between makes the next round find the same drafts again, which changes nothing.
 */
export async function drainOutbox(deps: DrainDeps, owner: OutboxOwner, options: DrainOptions): Promise<number> {
  const { pending, settle } = audit.outboxes[owner];
  const { minAgeMs, limit, signal } = options;
  const callOptions = signal === undefined ? {} : { signal };
  let drained = 0;
  for (;;) {
    signal?.throwIfAborted();
    const { entries } = await deps.client.call(pending, { minAgeMs, limit }, callOptions);
    if (entries.length === 0) return drained;
    await storeDrafts(deps, entries);
    failpoint('audit.drain.stored');
    await deps.client.call(settle, { requestIds: entries.map((entry) => entry.requestId) }, callOptions);
    failpoint('audit.drain.settled');
    drained += entries.length;
    if (entries.length < limit) return drained;
  }
}

/** The owner made these requests' changes, so every one is stored, however far its gateway's clock was off. */
async function storeDrafts(
  deps: DrainDeps,
  entries: readonly { requestId: string; at: number; draft: RequestRecord }[],
): Promise<void> {
  const drafts = new Map<string, RequestRecord>();
  for (const { requestId, draft } of entries) {
    const part: RequestRecord = { ...draft, requestId, phase: 'draft' };
    const known = drafts.get(requestId);
    drafts.set(requestId, known === undefined ? part : mergeRecords(known, part));
  }
  const rows = [...drafts.values()].map((draft) => toRow(draft, dayOf(timeOfDraft(draft))));
  await deps.partitions.ensure(rows.map((row) => row.day));
  await upsertDraftRecords(deps.database, rows);
}

function timeOfDraft(draft: RequestRecord): number {
  const time = timeOfRequestId(draft.requestId);
  if (time === undefined) throw new Error('An outbox holds a draft with a malformed request id.');
  return time;
}
