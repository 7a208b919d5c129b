import { randomBytes } from 'node:crypto';
import { Opener, SEGMENT_SIZE, type BlobIdentity, type OpenOptions } from '../index.ts';

export const dataKey = randomBytes(32);
export const identity: BlobIdentity = { bucketId: 'bucket', key: 'a/key', versionId: 'v1', blobId: 'blob-1' };
export const SEALED_SEGMENT = SEGMENT_SIZE + 16;

/** Opens chunks as they would come. Throws what the opener throws. */
export function openChunks(
  chunks: Iterable<Buffer>,
  options?: OpenOptions,
  key: Buffer = dataKey,
  as = identity,
): Buffer {
  const opened: Buffer[] = [];
  const give = (plain: Buffer): void => void opened.push(plain);
  const opener = new Opener(key, as, options);
  for (const chunk of chunks) opener.push(chunk, give);
  opener.end(give);
  return Buffer.concat(opened);
}

/** As {@link openChunks}, with a promise. */
export async function streamOpen(...given: Parameters<typeof openChunks>): Promise<Buffer> {
  return openChunks(...given);
}

export const runs = (numRuns: number): { numRuns: number } => ({ numRuns });
