import { z } from 'zod';
import { accountId, bytes, epochMs, stringMap, tag } from './common.ts';
import { revision } from './forward.ts';

export const publicAccessBlock = z.object({
  BlockPublicAcls: z.boolean(),
  IgnorePublicAcls: z.boolean(),
  BlockPublicPolicy: z.boolean(),
  RestrictPublicBuckets: z.boolean(),
});

/** A key that wraps the data keys of one bucket, itself wrapped by KMS. Its plaintext lives in gateways, five minutes. */
export const bucketKey = z.object({ id: z.string(), wrapped: bytes, createdAt: epochMs });
export type BucketKey = z.infer<typeof bucketKey>;

/** All of a bucket that a decision needs; cached by gateways and proved fresh by its revision on every call. */
export const bucketContext = z.object({
  bucketId: z.string(),
  name: z.string(),
  region: z.string(),
  ownerAccountId: accountId,
  ownerCanonicalId: z.string(),
  createdAt: epochMs,
  revision,
  versioning: z.enum(['unversioned', 'enabled', 'suspended']),
  /** Permanent deletion of a version needs governance's recorded grant. Never turns off. */
  protected: z.boolean(),
  /** Policy document as JSON text; principals as stored (unique ids for users and roles). */
  policy: z.string().optional(),
  publicAccessBlock: publicAccessBlock.optional(),
  accountPublicAccessBlock: publicAccessBlock.optional(),
  ownership: z.enum(['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter']),
  /** Rules with AWS's member names (`AllowedOrigins`, …), in order. */
  cors: z.array(z.record(z.string(), z.unknown())).optional(),
  /** The current SSE-S3 bucket key; absent until the first object needs one. */
  bucketKey: bucketKey.optional(),
});
export type BucketContext = z.infer<typeof bucketContext>;

/** How a version's data key is kept. Readers know every `format` ever written. */
export const encryption = z.object({
  format: z.literal(1),
  mode: z.enum(['AES256']),
  bucketKeyId: z.string(),
  wrappedDataKey: bytes,
});
export type Encryption = z.infer<typeof encryption>;

export const checksum = z.object({
  /** AWS's name: CRC32, CRC32C, CRC64NVME, SHA1, SHA256, … */
  algorithm: z.string(),
  /** base64; composite values end in `-N`. */
  value: z.string(),
  type: z.enum(['FULL_OBJECT', 'COMPOSITE']),
});
export type Checksum = z.infer<typeof checksum>;

/**
 * A sealed body: up to 16 KiB beside its row, else in the blob tier. `blobId` is part of the key derivation in both.
 * `header` is the sealed stream's first bytes, kept with the row so that reading a range needs one read of the blob.
 */
export const body = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('inline'), blobId: z.string(), sealed: bytes }),
  z.object({ kind: z.literal('blob'), blobId: z.string(), sealedSize: z.number().int(), header: bytes }),
]);
export type Body = z.infer<typeof body>;

/** Headers that are stored and given back as they came; lower-case names without `x-amz-meta-`. */
export const contentHeaders = stringMap;

/** One stretch of a version's bytes: the whole body of a simple object, or one part of a multipart one. */
export const segmentRef = z.object({
  /** 1 for a simple object. */
  partNumber: z.number().int(),
  /** Offset of its first plain byte in the object. */
  offset: z.number().int(),
  size: z.number().int(),
  body,
});
export type SegmentRef = z.infer<typeof segmentRef>;

export const versionFacts = z.object({
  key: z.string(),
  /** Chosen by the gateway before sealing; bound into the encryption. */
  internalVersionId: z.string(),
  /** As clients see it: `null`, or an id. */
  versionId: z.string(),
  isLatest: z.boolean(),
  deleteMarker: z.boolean(),
  size: z.number().int(),
  /** Without quotes. */
  etag: z.string(),
  lastModified: epochMs,
  headers: contentHeaders,
  metadata: stringMap,
  checksum: checksum.optional(),
  tagCount: z.number().int(),
  /** Only when the call asked for them (a policy or a copy needs them). */
  tags: z.array(tag).optional(),
  tagRevision: z.number().int(),
  /** Parts of a multipart upload; absent for a simple object. */
  partsCount: z.number().int().optional(),
  encryption,
  ownerAccountId: accountId,
});
export type VersionFacts = z.infer<typeof versionFacts>;
