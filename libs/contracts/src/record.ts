import { z } from 'zod';
import { epochMs, requestId, stringMap } from './common.ts';

/** One step of an authorisation, with the statement that decided it. */
export const decisionReason = z.object({
  layer: z.string(),
  policy: z.string().optional(),
  statement: z.number().int().optional(),
  sid: z.string().optional(),
  effect: z.string(),
});

/** What one request did to one further thing: a source of a copy, one key of a multi-object delete. */
export const childEntry = z.object({
  operation: z.string(),
  bucket: z.string().optional(),
  key: z.string().optional(),
  versionId: z.string().optional(),
  deleteMarker: z.boolean().optional(),
  status: z.number().int(),
  errorCode: z.string().optional(),
  objectSize: z.number().optional(),
});

/**
 * The record of one request. Audit merges what arrives by request id, a later phase over an earlier one:
 * `draft` (committed by the owner together with a mutation) < `open` (before the first byte of a long read)
 * < `closed` (final values; a short request has only this one) < `corrected` (what was really answered, when storing a
 * record before the answer failed or seemed to: it may have been stored all the same, and arrive last).
 */
export const requestRecord = z.object({
  requestId,
  phase: z.enum(['draft', 'open', 'closed', 'corrected']),
  /** When the request's head had arrived. */
  time: epochMs,
  gateway: z.string(),
  region: z.string(),
  api: z.string(),
  /** AWS's name of the operation, or `Unknown` when the request could not be read that far. */
  operation: z.string(),
  method: z.string(),
  /** Raw request target, signatures and tokens of presigned URLs cut out, at most 4 KiB. */
  uri: z.string(),
  host: z.string().optional(),
  remoteIp: z.string().optional(),
  userAgent: z.string().optional(),
  referer: z.string().optional(),
  bucket: z.string().optional(),
  bucketId: z.string().optional(),
  bucketOwner: z.string().optional(),
  key: z.string().optional(),
  versionId: z.string().optional(),
  requester: z
    .object({ kind: z.string(), arn: z.string(), accountId: z.string(), canonicalId: z.string(), userId: z.string() })
    .optional(),
  accessKeyId: z.string().optional(),
  authType: z.enum(['AuthHeader', 'QueryString', 'POST']).optional(),
  signatureVersion: z.enum(['SigV2', 'SigV4']).optional(),
  tls: z.object({ version: z.string(), cipher: z.string() }).optional(),
  decision: z.object({ allowed: z.boolean(), reasons: z.array(decisionReason) }).optional(),
  status: z.number().int().optional(),
  errorCode: z.string().optional(),
  bytesReceived: z.number().optional(),
  bytesSent: z.number().optional(),
  objectSize: z.number().optional(),
  totalMs: z.number().optional(),
  turnAroundMs: z.number().optional(),
  /** W3C trace id, to find the request's spans. */
  traceId: z.string().optional(),
  /** The client went away, or the gateway did, before the answer was whole. */
  interrupted: z.boolean().optional(),
  children: z.array(childEntry).optional(),
  details: stringMap.optional(),
});
export type RequestRecord = z.infer<typeof requestRecord>;
export type ChildEntry = z.infer<typeof childEntry>;
export type DecisionReason = z.infer<typeof decisionReason>;
