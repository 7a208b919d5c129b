import type { BucketContext, SegmentRef, VersionFacts } from '@coffer/contracts';
import type { BlobIdentity } from '@coffer/sealed-stream';
import type { Gateway } from '../gateway.ts';
import type { ByteRange } from './range.ts';

export interface ReadRequest {
  readonly context: BucketContext;
  readonly version: VersionFacts;
  /** Where the bytes lie, beginning with the stretch that holds the range's first byte. */
  readonly segments: readonly SegmentRef[];
  /** Undefined for an empty object. */
  readonly range: ByteRange | undefined;
  readonly signal: AbortSignal;
}

/** The data key of the version. The caller overwrites it after use. */
export function dataKeyOf(gateway: Gateway, { context, version }: ReadRequest): Promise<Buffer> {
  return gateway.keys.dataKey(context, version.encryption, {
    bucketId: context.bucketId,
    key: version.key,
    internalVersionId: version.internalVersionId,
  });
}

export function identityOf({ context, version }: ReadRequest, { body }: SegmentRef): BlobIdentity {
  return {
    bucketId: context.bucketId,
    key: version.key,
    versionId: version.internalVersionId,
    blobId: body.blobId,
  };
}
