import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fault, s3Error, type Body } from '@coffer/contracts';
import { BlobError, newBlobId } from '@coffer/blob-store';
import { seal, SealError, sealedSize, SealStream, type BlobIdentity } from '@coffer/sealed-stream';
import { SignatureError } from '@coffer/sigv4';
import type { Gateway } from '../gateway.ts';

/** Sealed bodies up to this many bytes travel in the message and lie beside their row. */
export const MAX_INLINE = 16 * 1024;

/** What the sealed bytes are bound to; a fresh blob id comes on top. */
export interface SealTarget {
  readonly dataKey: Buffer;
  readonly bucketId: string;
  readonly key: string;
  readonly internalVersionId: string;
}

/**
 * Seals what flows through `stages` and puts it where it belongs: bodies small enough to lie beside their row are held
 * whole, all others go straight to the blob tier. When it rejects, nothing refers to what was written.
 *
 * @param size plain bytes that must come.
 * @param feed starts the flow into the first stage; it destroys the stage when the bytes do not come.
 */
export async function sealInto(
  gateway: Gateway,
  target: SealTarget,
  size: number,
  stages: readonly Transform[],
  feed: (sink: Transform) => void,
): Promise<Body> {
  if (liesBesideRow(size)) return sealBesideRow(target, await collect(stages, size, feed));
  const blobId = newBlobId();
  const identity = identityOf(target, blobId);
  const sealing = new SealStream(target.dataKey, identity, size);
  const body: Body = { kind: 'blob', blobId, sealedSize: sealedSize(size), header: sealing.header };
  const abort = new AbortController();
  const read = pipeline([...stages, sealing] as unknown as [Transform, Transform]).catch((error: unknown) => {
    abort.abort(error);
    throw error;
  });
  const written = gateway.blobs
    .put(blobId, body.sealedSize, sealing, { signal: abort.signal })
    .catch((error: unknown) => {
      sealing.destroy(asError(error));
      throw error;
    });
  feed(stages[0] as Transform);
  const [reading, writing] = await Promise.allSettled([read, written]);
  if (reading.status === 'fulfilled' && writing.status === 'fulfilled') {
    sealing.recycle();
    return body;
  }
  discard(gateway, body);
  throw whyNot(reading, writing);
}

/** Whether a body of so many plain bytes lies beside its row. */
export function liesBesideRow(size: number): boolean {
  return sealedSize(size) <= MAX_INLINE;
}

/** Seals a small body that is there whole. */
export function sealBesideRow(target: SealTarget, plain: Buffer): Body {
  const blobId = newBlobId();
  return { kind: 'inline', blobId, sealed: seal(target.dataKey, identityOf(target, blobId), plain) };
}

function identityOf({ bucketId, key, internalVersionId }: SealTarget, blobId: string): BlobIdentity {
  return { bucketId, key, versionId: internalVersionId, blobId };
}

/**
 * Whoever feeds the bytes says in an error of its own when they do not come as announced. Every other break of the
 * stream comes from behind it: the blob tier went away, and the client is not to blame.
 */
function whyNot(reading: PromiseSettledResult<void>, writing: PromiseSettledResult<void>): Error {
  const reasons = [reading, writing].map((side) => (side.status === 'rejected' ? (side.reason as unknown) : undefined));
  const named = reasons.find(
    (reason) =>
      reason instanceof Fault ||
      reason instanceof SignatureError ||
      reason instanceof BlobError ||
      reason instanceof SealError,
  );
  return named instanceof Error ? named : s3Error('ServiceUnavailable');
}

/** Removes a body that will never be committed. What fails here is left to the collector. */
export function discard(gateway: Gateway, body: Body): void {
  if (body.kind !== 'blob') return;
  gateway.blobs.delete(body.blobId).catch((error: unknown) => {
    gateway.log.debug({ error }, 'an orphan blob stays for the collector');
  });
}

async function collect(stages: readonly Transform[], size: number, feed: (sink: Transform) => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const gather = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > size) throw s3Error('IncompleteBody');
      chunks.push(chunk);
    }
  };
  const done = pipeline([...stages, gather] as unknown as [Transform, Transform]);
  feed(stages[0] as Transform);
  await done;
  if (bytes !== size) throw s3Error('IncompleteBody');
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('a stream failed');
}
