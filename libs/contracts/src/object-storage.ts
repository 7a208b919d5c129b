import { z } from 'zod';
import { caller, epochMs, stringMap, tag } from './common.ts';
import { contract } from './contract.ts';
import { forwardedOperations, revision } from './forward.ts';
import {
  body,
  bucketContext,
  bucketKey,
  checksum,
  contentHeaders,
  encryption,
  segmentRef,
  versionFacts,
} from './object-model.ts';
import { childEntry, requestRecord } from './record.ts';

export * from './object-model.ts';

export const context = contract('object-storage', 'context', {
  request: z.object({ bucket: z.string() }),
  reply: bucketContext,
  callers: ['gateway'],
  faults: ['NoSuchBucket'],
  retry: 'safe',
});

/** Stores the first bucket key, or a rotated one; whoever comes second gets the winner's. */
export const offerBucketKey = contract('object-storage', 'offerBucketKey', {
  request: z.object({ bucketId: z.string(), key: bucketKey, replaces: z.string().optional() }),
  reply: z.object({ key: bucketKey }),
  callers: ['gateway'],
  faults: ['NoSuchBucket'],
  retry: 'safe',
});

/** An older bucket key by its id, for objects sealed before a rotation. */
export const findBucketKey = contract('object-storage', 'findBucketKey', {
  request: z.object({ bucketId: z.string(), keyId: z.string() }),
  reply: z.object({ key: bucketKey }),
  callers: ['gateway'],
  faults: ['NoSuchBucketKey'],
  retry: 'safe',
});

/**
 * Which version is it, and where are its bytes. Faults: `NoSuchKey` (headers say so when the newest is a delete
 * marker), `NoSuchVersion`, `MethodNotAllowed` (a delete marker named by its id), `InvalidArgument` (malformed id).
 */
export const locate = contract('object-storage', 'locate', {
  request: z.object({
    revision,
    key: z.string(),
    versionId: z.string().optional(),
    /** `facts` leaves out where the bytes are. */
    want: z.enum(['bytes', 'facts']),
    /** Where reading begins, so that a long multipart object needs no full list. */
    from: z
      .union([
        z.object({ offset: z.number().int() }),
        z.object({ suffix: z.number().int() }),
        z.object({ partNumber: z.number().int() }),
      ])
      .optional(),
    withTags: z.boolean().optional(),
  }),
  reply: z.object({
    version: versionFacts,
    /** At most 256, fewer in large batches, in order, the first one holding the place asked for. */
    segments: z.array(segmentRef),
    /** Where the bytes of the asked-for part lie, when `from` named a part. */
    part: z
      .object({
        partNumber: z.number().int(),
        offset: z.number().int(),
        size: z.number().int(),
        checksum: z.string().optional(),
      })
      .optional(),
  }),
  callers: ['gateway'],
  faults: ['StaleContext', 'NoSuchKey', 'NoSuchVersion', 'MethodNotAllowed', 'InvalidArgument', 'InvalidPartNumber'],
  mustUnderstand: ['versionId', 'from', 'revision'],
  retry: 'safe',
  batched: true,
});

/** The segments after those that `locate` gave, for objects of very many parts. */
export const moreSegments = contract('object-storage', 'moreSegments', {
  request: z.object({
    bucketId: z.string(),
    key: z.string(),
    internalVersionId: z.string(),
    fromPartNumber: z.number().int(),
  }),
  reply: z.object({ segments: z.array(segmentRef) }),
  callers: ['gateway'],
  faults: ['NoSuchVersion'],
  retry: 'safe',
});

export const writeConditions = z.object({
  /** An ETag without quotes, or `*`. */
  ifMatch: z.string().optional(),
  ifNoneMatch: z.string().optional(),
});

/** Makes a sealed body visible as the newest version of its key. */
export const commit = contract('object-storage', 'commit', {
  request: z.object({
    revision,
    caller,
    time: epochMs,
    key: z.string(),
    internalVersionId: z.string(),
    body,
    size: z.number().int(),
    etag: z.string(),
    headers: contentHeaders,
    metadata: stringMap,
    tags: z.array(tag),
    checksum: checksum.optional(),
    encryption,
    conditions: writeConditions.optional(),
    draft: requestRecord,
  }),
  reply: z.object({
    /** Absent where AWS shows none: bucket unversioned or suspended. */
    versionId: z.string().optional(),
    etag: z.string(),
    lastModified: epochMs,
  }),
  callers: ['gateway'],
  faults: ['StaleContext', 'PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey', 'OperationAborted'],
  mustUnderstand: ['revision', 'conditions', 'encryption', 'tags', 'draft'],
  timeoutMs: 15_000,
  retry: 'safe',
  batched: true,
  // A bucket whose lock is held for long must not hold up the others.
  batchBy: (message) => message.revision.bucketId,
});

export const deleteEntry = z.object({
  key: z.string(),
  versionId: z.string().optional(),
  ifMatch: z.string().optional(),
  ifMatchSize: z.number().int().optional(),
  ifMatchLastModified: epochMs.optional(),
});

/** DeleteObject and DeleteObjects: every entry keeps its own result, in order. */
export const deleteVersions = contract('object-storage', 'deleteVersions', {
  request: z.object({
    revision,
    caller,
    time: epochMs,
    entries: z.array(deleteEntry).min(1).max(1000),
    mfa: z.string().optional(),
    bypassGovernance: z.boolean().optional(),
    draft: requestRecord,
  }),
  reply: z.object({
    results: z.array(
      z.object({
        /** Id shown to the client: of the version removed, or of the marker made. */
        versionId: z.string().optional(),
        deleteMarker: z.boolean().optional(),
        error: z
          .object({ code: z.string(), message: z.string(), status: z.number().int(), extras: stringMap })
          .optional(),
      }),
    ),
    children: z.array(childEntry).optional(),
  }),
  callers: ['gateway'],
  faults: ['StaleContext'],
  mustUnderstand: ['revision', 'mfa', 'bypassGovernance', 'draft'],
  timeoutMs: 60_000,
  retry: 'safe',
});

/** What every part of an upload needs to know; never changes while the upload lives, so gateways may keep it. */
export const uploadFacts = z.object({
  uploadId: z.string(),
  bucketId: z.string(),
  key: z.string(),
  internalVersionId: z.string(),
  encryption,
  checksum: z.object({ algorithm: z.string(), type: z.enum(['FULL_OBJECT', 'COMPOSITE']) }).optional(),
  initiatorArn: z.string(),
});
export type UploadFacts = z.infer<typeof uploadFacts>;

export const createUpload = contract('object-storage', 'createUpload', {
  request: z.object({
    revision,
    caller,
    time: epochMs,
    key: z.string(),
    internalVersionId: z.string(),
    headers: contentHeaders,
    metadata: stringMap,
    tags: z.array(tag),
    encryption,
    checksum: z.object({ algorithm: z.string(), type: z.enum(['FULL_OBJECT', 'COMPOSITE']) }).optional(),
    draft: requestRecord,
  }),
  reply: z.object({ uploadId: z.string() }),
  callers: ['gateway'],
  faults: ['StaleContext'],
  mustUnderstand: ['revision', 'checksum', 'encryption', 'tags', 'draft'],
  retry: 'safe',
});

export const findUpload = contract('object-storage', 'findUpload', {
  request: z.object({ revision, key: z.string(), uploadId: z.string() }),
  reply: uploadFacts,
  callers: ['gateway'],
  faults: ['StaleContext', 'NoSuchUpload'],
  mustUnderstand: ['revision'],
  retry: 'safe',
});

export const commitPart = contract('object-storage', 'commitPart', {
  request: z.object({
    revision,
    caller,
    time: epochMs,
    key: z.string(),
    uploadId: z.string(),
    partNumber: z.number().int().min(1).max(10_000),
    body,
    size: z.number().int(),
    etag: z.string(),
    checksum: z.object({ algorithm: z.string(), value: z.string() }).optional(),
    draft: requestRecord,
  }),
  reply: z.object({ lastModified: epochMs }),
  callers: ['gateway'],
  faults: ['StaleContext', 'NoSuchUpload'],
  mustUnderstand: ['revision', 'checksum', 'draft'],
  timeoutMs: 15_000,
  retry: 'safe',
  batched: true,
  // A bucket whose lock is held for long must not hold up the others.
  batchBy: (message) => message.revision.bucketId,
});

export const completeUpload = contract('object-storage', 'completeUpload', {
  request: z.object({
    revision,
    caller,
    time: epochMs,
    key: z.string(),
    uploadId: z.string(),
    parts: z
      .array(
        z.object({
          partNumber: z.number().int(),
          etag: z.string().optional(),
          checksum: z.object({ algorithm: z.string(), value: z.string() }).optional(),
        }),
      )
      .max(10_000),
    /** What the client says the whole object's checksum is. */
    checksum: checksum.omit({ type: true }).optional(),
    /** The mode that the client says the upload was begun with. */
    checksumType: checksum.shape.type.optional(),
    objectSize: z.number().int().optional(),
    conditions: writeConditions.optional(),
    draft: requestRecord,
  }),
  reply: z.object({
    versionId: z.string().optional(),
    etag: z.string(),
    size: z.number().int(),
    lastModified: epochMs,
    checksum: checksum.optional(),
    tagCount: z.number().int(),
  }),
  callers: ['gateway'],
  faults: [
    'StaleContext',
    'NoSuchUpload',
    'InvalidPart',
    'InvalidPartOrder',
    'EntityTooSmall',
    'BadDigest',
    'PreconditionFailed',
  ],
  mustUnderstand: ['revision', 'conditions', 'checksum', 'checksumType', 'objectSize', 'draft'],
  timeoutMs: 60_000,
  retry: 'safe',
});

/** Operator's channel: carries out what was granted before a crash, and removes blobs that nothing refers to. */
export const collect = contract('object-storage', 'collect', {
  request: z.object({}),
  reply: z.object({
    /** Deletions that governance had granted and that are done now. */
    rolledForward: z.number().int(),
    /** Blobs of overwritten and deleted versions. */
    doomed: z.number().int(),
    /** Blobs that never became part of a version. */
    orphans: z.number().int(),
  }),
  callers: ['operator'],
  timeoutMs: 600_000,
  retry: 'safe',
});

/** Operations that read and change nothing. */
export const objectReads = forwardedOperations('object-storage', [
  'HeadBucket',
  'ListBuckets',
  'GetBucketLocation',
  'GetBucketVersioning',
  'GetBucketPolicy',
  'GetPublicAccessBlock',
  'GetBucketCors',
  'GetObjectTagging',
  'GetObjectAttributes',
  'ListParts',
  'ListMultipartUploads',
  'ListObjects',
  'ListObjectsV2',
  'ListObjectVersions',
] as const);

/** Operations that change something; each carries the draft of its record. */
export const objectMutations = forwardedOperations('object-storage', [
  'CreateBucket',
  'DeleteBucket',
  'PutBucketVersioning',
  'PutBucketPolicy',
  'DeleteBucketPolicy',
  'PutPublicAccessBlock',
  'DeletePublicAccessBlock',
  'PutBucketCors',
  'DeleteBucketCors',
  'PutObjectTagging',
  'DeleteObjectTagging',
  'AbortMultipartUpload',
] as const);
