import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { OpenStream, SEGMENT_SIZE, type BlobIdentity, type OpenOptions } from '../index.ts';

export const dataKey = randomBytes(32);
export const identity: BlobIdentity = { bucketId: 'bucket', key: 'a/key', versionId: 'v1', blobId: 'blob-1' };
export const SEALED_SEGMENT = SEGMENT_SIZE + 16;

export function streamOpen(
  chunks: Iterable<Buffer>,
  options?: OpenOptions,
  key: Buffer = dataKey,
  as = identity,
): Promise<Buffer> {
  return buffer(Readable.from(chunks, { objectMode: false }).compose(new OpenStream(key, as, options)));
}

export const runs = (numRuns: number): { numRuns: number } => ({ numRuns });
