import { z } from 'zod';
import { epochMs } from './common.ts';
import { contract, type ServiceName } from './contract.ts';
import { requestRecord } from './record.ts';

/** Answered when the record is on disk. Parts of one request's record are merged by request id. */
export const record = contract('audit', 'record', {
  request: requestRecord,
  reply: z.object({}),
  callers: ['gateway'],
  retry: 'safe',
  batched: true,
});

/** Requests that had to be refused unrecorded (audit away, overload, unreadable HTTP), as counted by a gateway. */
export const recordGap = contract('audit', 'recordGap', {
  request: z.object({
    /** Unique, so that sending it again counts once. */
    gapId: z.string(),
    gateway: z.string(),
    from: epochMs,
    to: epochMs,
    /** Reason → count. */
    counts: z.record(z.string(), z.number().int()),
  }),
  reply: z.object({}),
  callers: ['gateway'],
  retry: 'safe',
});

export const storedRecord = requestRecord.extend({
  /** `drained`: the gateway never sent final values; the owner's draft is all there is. */
  source: z.enum(['gateway', 'drained']),
});
export type StoredRecord = z.infer<typeof storedRecord>;

/** Operator's channel: records by id, or the newest of a bucket. */
export const findRecords = contract('audit', 'findRecords', {
  request: z.object({
    requestIds: z.array(z.string()).max(1000).optional(),
    bucket: z.string().optional(),
    from: epochMs.optional(),
    to: epochMs.optional(),
    limit: z.number().int().min(1).max(1000),
  }),
  reply: z.object({ records: z.array(storedRecord) }),
  callers: ['operator'],
  retry: 'safe',
});

const outboxEntry = z.object({ requestId: z.string(), at: epochMs, draft: requestRecord });

/** Audit asks each owner of mutations for drafts whose final values may never come, and says which are kept. */
function outboxOf(service: ServiceName) {
  return {
    pending: contract(service, 'outbox.pending', {
      request: z.object({
        minAgeMs: z.number().int(),
        limit: z.number().int().max(1000),
        /** Request id of a draft that waits: only those behind it. None when it waits no longer. */
        after: z.string().optional(),
      }),
      reply: z.object({ entries: z.array(outboxEntry) }),
      callers: ['audit'],
      mustUnderstand: ['after'],
      retry: 'safe',
    }),
    settle: contract(service, 'outbox.settle', {
      request: z.object({ requestIds: z.array(z.string()).max(1000) }),
      reply: z.object({}),
      callers: ['audit'],
      retry: 'safe',
    }),
  };
}

export const outboxes = {
  'object-storage': outboxOf('object-storage'),
  identity: outboxOf('identity'),
};
