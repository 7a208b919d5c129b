import { Fault, type RequestRecord } from '@coffer/contracts';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Deps } from '../deps.ts';
import { mergeRecords } from './merge.ts';
import { dayOf, timeOfRequestId } from './request-id.ts';
import { type Row, toRow } from './storable.ts';
import { storeRows } from './store-rows.ts';
import { upsertRecords } from './upsert-records.ts';

registerFailpoints('audit.record.committed');

const DAY_MS = 86_400_000;
/** A gateway's clock may be ahead by this much; beyond it, its records would lie among days that are not yet. */
const MAX_FUTURE_MS = 2 * DAY_MS;
/** A record may come this late. The bound keeps a broken clock from making partitions for every day since 1970. */
const MAX_PAST_MS = 400 * DAY_MS;

type Result = Record<string, never> | Fault;

/**
 * Writes the records of a batch, in one statement and so in one transaction; answered when they are on disk. An element
 * that cannot be stored gets its own fault and does not keep the others from being stored.
 */
export async function record(deps: Deps, messages: readonly RequestRecord[]): Promise<Result[]> {
  const now = Date.now();
  const results = messages.map<Result>((message) => checkTime(message, now) ?? {});
  const merged = new Map<string, RequestRecord>();
  for (const [index, message] of messages.entries()) {
    if (results[index] instanceof Fault) continue;
    const known = merged.get(message.requestId);
    merged.set(message.requestId, known === undefined ? message : mergeRecords(known, message));
  }
  const rows = [...merged.values()].map(rowOf);
  await deps.partitions.ensure(rows.map((row) => row.day));
  const refused = await storeRows(rows, (part) => upsertRecords(deps.database, part));
  failpoint('audit.record.committed');
  return messages.map((message, index) => {
    if (refused.has(message.requestId)) return invalid('The record holds a value that cannot be stored.');
    return results[index] as Result;
  });
}

function rowOf(message: RequestRecord): Row {
  return toRow(message, dayOf(timeOfRequestId(message.requestId) as number));
}

function checkTime(message: RequestRecord, now: number): Fault | undefined {
  const time = timeOfRequestId(message.requestId);
  if (time === undefined) return invalid('The request id is malformed.');
  if (time > now + MAX_FUTURE_MS) return invalid('The request id lies too far in the future.');
  if (time < now - MAX_PAST_MS) return invalid('The request id lies too far in the past.');
  return undefined;
}

function invalid(message: string): Fault {
  return new Fault('InvalidMessage', message, { status: 400 });
}
