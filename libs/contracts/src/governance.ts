import { z } from 'zod';
import { caller, epochMs } from './common.ts';
import { contract } from './contract.ts';
import { requestRecord } from './record.ts';

export const versionRef = z.object({ bucketId: z.string(), key: z.string(), internalVersionId: z.string() });

/**
 * The destruction gate. Refuses, or records a grant that is final: object-storage deletes the version, now or after
 * a crash. Asked again for a version that has a grant, it answers with the same one.
 */
export const grantDeletion = contract('governance', 'grantDeletion', {
  request: z.object({
    caller,
    versions: z.array(versionRef).min(1).max(1000),
    mfa: z.string().optional(),
    bypassGovernance: z.boolean().optional(),
    /**
     * `delete`: a crash between the grant and the deletion is rolled forward. `replace`: the version goes only together
     * with the commit of the one that takes its place, so without that commit it stays.
     */
    purpose: z.enum(['delete', 'replace']),
    /** The record of the request, for a deletion that is carried out only after a crash. */
    draft: requestRecord,
  }),
  reply: z.object({
    /** In the order asked. */
    results: z.array(z.union([z.object({ grantId: z.string() }), z.object({ refused: z.string() })])),
  }),
  callers: ['object-storage'],
  mustUnderstand: ['mfa', 'bypassGovernance', 'purpose', 'draft'],
  retry: 'safe',
});

/** Grants that object-storage has not reported as done: after a crash it rolls them forward. */
export const pendingGrants = contract('governance', 'pendingGrants', {
  request: z.object({ olderThan: epochMs, limit: z.number().int().max(1000) }),
  reply: z.object({
    grants: z.array(
      versionRef.extend({ grantId: z.string(), purpose: z.enum(['delete', 'replace']), draft: requestRecord }),
    ),
  }),
  callers: ['object-storage'],
  retry: 'safe',
});

export const settleGrants = contract('governance', 'settleGrants', {
  request: z.object({ grantIds: z.array(z.string()).max(1000) }),
  reply: z.object({}),
  callers: ['object-storage'],
  retry: 'safe',
});
