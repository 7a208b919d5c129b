import type { Readable } from 'node:stream';
import { openUnder, readBlobKey, type BlobIdentity, type BlobKey } from '@coffer/sealed-stream';
import type { Gateway } from '../gateway.ts';
import { PlainStream } from './plain-stream.ts';
import { dataKeyOf, identityOf, type ReadRequest } from './read-request.ts';
import { countPassed } from './used-buffers.ts';

/**
 * Plain bytes of a stored version. Rejects when the first of them cannot be opened, so that a damaged or missing blob
 * is an error to the client and not a broken 200.
 */
export async function readVersion(gateway: Gateway, request: ReadRequest): Promise<Readable> {
  const stream = new PlainStream(gateway, request);
  await stream.begun;
  return stream;
}

/**
 * The bytes of a version that lie whole beside its row, without a stream, which would cost more than opening them.
 * Undefined when they lie elsewhere.
 */
export async function readBesideRow(gateway: Gateway, request: ReadRequest): Promise<Buffer | undefined> {
  const { version, segments, range } = request;
  const [segment] = segments;
  if (version.partsCount !== undefined || segment?.body.kind !== 'inline') return undefined;
  if (!range) return Buffer.alloc(0);
  const { sealed } = segment.body;
  const identity = identityOf(request, segment);
  const key = gateway.blobKeys.get(identity, sealed) ?? (await readKey(gateway, request, identity, sealed));
  const bytes = openUnder(key, sealed).subarray(range.start, range.end + 1);
  countPassed(bytes.length);
  return bytes;
}

async function readKey(
  gateway: Gateway,
  request: ReadRequest,
  identity: BlobIdentity,
  sealed: Uint8Array,
): Promise<BlobKey> {
  const dataKey = await dataKeyOf(gateway, request);
  try {
    const key = readBlobKey(dataKey, identity, sealed);
    gateway.blobKeys.keep(identity, key);
    return key;
  } finally {
    dataKey.fill(0);
  }
}
