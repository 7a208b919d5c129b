import { z } from 'zod';

/** Variables that say where the blob tier is, for the schema of a service that uses it. */
export const blobVariables = {
  /** Blob tier in a folder … */
  COFFER_BLOB_FOLDER: z.string().min(1).optional(),
  /** … or in a bucket of MinIO or another S3-compatible store. */
  COFFER_BLOB_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  COFFER_BLOB_ACCESS_KEY: z.string().min(1).optional(),
  COFFER_BLOB_SECRET_KEY: z.string().min(1).optional(),
  COFFER_BLOB_BUCKET: z.string().min(1).default('coffer'),
  COFFER_BLOB_REGION: z.string().min(1).optional(),
};
const schema = z.object(blobVariables);
type BlobVariables = z.infer<typeof schema>;

/** For `superRefine`: exactly one place is named, and a bucket with all that it needs. */
export function requireBlobTier(env: BlobVariables, context: z.core.$RefinementCtx<BlobVariables>): void {
  const issue = (name: keyof BlobVariables, message: string) =>
    context.addIssue({ code: 'custom', path: [name], message });
  if (env.COFFER_BLOB_FOLDER !== undefined) {
    if (env.COFFER_BLOB_ENDPOINT !== undefined) {
      issue('COFFER_BLOB_FOLDER', 'only one of this and COFFER_BLOB_ENDPOINT can be set');
    }
    return;
  }
  for (const name of ['COFFER_BLOB_ENDPOINT', 'COFFER_BLOB_ACCESS_KEY', 'COFFER_BLOB_SECRET_KEY'] as const) {
    if (env[name] === undefined) issue(name, 'is needed when COFFER_BLOB_FOLDER is not set');
  }
}

/** The folder or the bucket that variables passed by `requireBlobTier` name. */
export function blobSettings(env: BlobVariables) {
  if (env.COFFER_BLOB_FOLDER !== undefined) return { folder: env.COFFER_BLOB_FOLDER };
  return {
    endpoint: env.COFFER_BLOB_ENDPOINT ?? '',
    accessKey: env.COFFER_BLOB_ACCESS_KEY ?? '',
    secretKey: env.COFFER_BLOB_SECRET_KEY ?? '',
    bucket: env.COFFER_BLOB_BUCKET,
    ...(env.COFFER_BLOB_REGION === undefined ? {} : { region: env.COFFER_BLOB_REGION }),
  };
}
