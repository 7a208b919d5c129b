import type { BusClient } from '@coffer/bus';
import { audit, isFault, type ReplyOf, type RequestRecord } from '@coffer/contracts';
import type { Database } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Partitions } from '../partitions/partitions.ts';
import { mergeRecords } from '../records/merge.ts';
import { dayOf, timeOfRequestId } from '../records/request-id.ts';
import { type Row, toRow } from '../records/storable.ts';
import { storeRows } from '../records/store-rows.ts';
import { upsertDraftRecords } from '../records/upsert-records.ts';

registerFailpoints('audit.drain.settled', 'audit.drain.stored');

/** Services that commit drafts together with their mutations. */
export type OutboxOwner = keyof typeof audit.outboxes;
export const outboxOwners = Object.keys(audit.outboxes) as OutboxOwner[];

type Entry = ReplyOf<(typeof audit.outboxes)[OutboxOwner]['pending']>['entries'][number];

export interface DrainOptions {
  /** Drafts younger than this are left alone, since the gateway's own values are on their way; milliseconds. */
  minAgeMs: number;
  /** Drafts fetched at once. */
  limit: number;
  signal: AbortSignal;
}

export interface DrainDeps {
  client: BusClient;
  database: Database;
  partitions: Partitions;
}

/** An answer that does not pass is asked for again with this part of its drafts. */
const SHRINK = 8;
/** Days of the year 10000 and later have another form and are no clock's error but nonsense. */
const LATEST = Date.UTC(9999, 11, 31);

/**
 * Takes over the drafts that wait in one owner's outbox, and returns how many. The order is what keeps the promise: a
 * draft is settled, and so may be forgotten by its owner, only after audit's transaction has committed. A crash in
 * between makes the next round find the same drafts again, which changes nothing. Those that the table cannot hold stay
 * where they are, and the round goes on behind them.
 * @throws Error when drafts were left behind that the table cannot hold, after the others have been taken over.
 */
export async function drainOutbox(deps: DrainDeps, owner: OutboxOwner, options: DrainOptions): Promise<number> {
  const { settle } = audit.outboxes[owner];
  const { signal } = options;
  let drained = 0;
  let left = 0;
  let after: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    const { entries, last } = await fetchPending(deps.client, owner, options, after);
    const refused = await storeDrafts(deps, entries);
    failpoint('audit.drain.stored');
    const requestIds = entries.map((entry) => entry.requestId).filter((requestId) => !refused.has(requestId));
    if (requestIds.length > 0) await deps.client.call(settle, { requestIds }, { signal });
    failpoint('audit.drain.settled');
    drained += requestIds.length;
    left += refused.size;
    after = entries.findLast(({ requestId }) => refused.has(requestId))?.requestId ?? after;
    if (last) {
      if (left > 0) throw new Error(`${left} drafts of ${owner} cannot be stored.`);
      return drained;
    }
  }
}

/** The oldest drafts; `last` when there were no more. Many large drafts do not fit one message of the bus: then fewer. */
async function fetchPending(
  client: BusClient,
  owner: OutboxOwner,
  { minAgeMs, limit, signal }: DrainOptions,
  after: string | undefined,
): Promise<{ entries: Entry[]; last: boolean }> {
  const { pending } = audit.outboxes[owner];
  for (let asked = limit; ; asked = Math.ceil(asked / SHRINK)) {
    try {
      const { entries } = await client.call(pending, { minAgeMs, limit: asked, after }, { signal });
      return { entries, last: entries.length < asked };
    } catch (error) {
      signal.throwIfAborted();
      if (asked === 1 || isFault(error, 'Unavailable')) throw error;
    }
  }
}

/** The owner made these requests' changes, so every one is stored, however far its gateway's clock was off. */
async function storeDrafts(deps: DrainDeps, entries: readonly Entry[]): Promise<Set<string>> {
  const drafts = new Map<string, RequestRecord>();
  for (const { requestId, draft } of entries) {
    const part: RequestRecord = { ...draft, requestId, phase: 'draft' };
    const known = drafts.get(requestId);
    drafts.set(requestId, known === undefined ? part : mergeRecords(known, part));
  }
  const refused = new Set<string>();
  const rows: Row[] = [];
  for (const draft of drafts.values()) {
    const time = timeOfRequestId(draft.requestId);
    if (time === undefined || time > LATEST) refused.add(draft.requestId);
    else rows.push(toRow(draft, dayOf(time)));
  }
  await deps.partitions.ensure(rows.map((row) => row.day));
  for (const requestId of await storeRows(rows, (part) => upsertDraftRecords(deps.database, part)))
    refused.add(requestId);
  return refused;
}
