import { blobSettings, blobVariables, requireBlobTier } from '@coffer/service-kit';
import { z } from 'zod';

const HOUR_MS = 3_600_000;
const milliseconds = z.coerce.number().int().min(0);
const regions = z
  .string()
  .transform((text) => text.split(',').map((region) => region.trim()))
  .pipe(z.array(z.string().regex(/^[a-z0-9-]{2,32}$/)).min(1));

/** Environment of object storage. */
export const configSchema = z
  .object({
    /** Postgres in the role of this service. */
    COFFER_DATABASE_URL: z.string().min(1),
    /** Connections to Postgres at most. */
    COFFER_DATABASE_CONNECTIONS: z.coerce.number().int().min(1).max(200).default(10),
    /** Region names of the deployment, comma-separated; the first is the default. */
    COFFER_REGIONS: regions.default(['us-east-1']),
    /** Object ownership of new buckets that ask for none. */
    COFFER_NEW_BUCKET_OWNERSHIP: z
      .enum(['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'])
      .default('BucketOwnerEnforced'),
    /** Whether new buckets start with all four settings of the public access block, as AWS does today. */
    COFFER_NEW_BUCKET_PUBLIC_ACCESS_BLOCK: z.enum(['on', 'off']).default('on'),
    COFFER_MAX_BUCKETS_PER_ACCOUNT: z.coerce.number().int().min(1).default(10_000),
    /** How long blobs that nothing refers to are left alone; longer than the longest request. */
    COFFER_BLOB_GRACE_MS: milliseconds.default(26 * HOUR_MS),
    /** Time between two runs of the collector; 0 turns it off in this process. */
    COFFER_COLLECT_INTERVAL_MS: milliseconds.default(10 * 60_000),
    /** Time between two searches of the whole blob tier for blobs that nothing refers to; 0: in every round. */
    COFFER_ORPHAN_SEARCH_INTERVAL_MS: milliseconds.default(7 * 24 * HOUR_MS),
    /** Time between two rounds that carry out deletions which governance granted before a crash; 0 turns them off. */
    COFFER_ROLL_FORWARD_INTERVAL_MS: milliseconds.default(30_000),
    ...blobVariables,
  })
  .superRefine(requireBlobTier)
  .transform((env) => ({
    databaseUrl: env.COFFER_DATABASE_URL,
    databaseConnections: env.COFFER_DATABASE_CONNECTIONS,
    regions: env.COFFER_REGIONS,
    newBucketOwnership: env.COFFER_NEW_BUCKET_OWNERSHIP,
    newBucketPublicAccessBlock: env.COFFER_NEW_BUCKET_PUBLIC_ACCESS_BLOCK === 'on',
    maxBucketsPerAccount: env.COFFER_MAX_BUCKETS_PER_ACCOUNT,
    blobGraceMs: env.COFFER_BLOB_GRACE_MS,
    collectIntervalMs: env.COFFER_COLLECT_INTERVAL_MS,
    orphanSearchIntervalMs: env.COFFER_ORPHAN_SEARCH_INTERVAL_MS,
    rollForwardIntervalMs: env.COFFER_ROLL_FORWARD_INTERVAL_MS,
    blobs: blobSettings(env),
  }));

export type ObjectStorageConfig = z.infer<typeof configSchema>;
