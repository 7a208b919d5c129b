/**
 * What went wrong with a blob.
 *
 * - `BlobNotFound`: no blob of this id (also after a delete).
 * - `BlobExists`: a blob of this id is there already; blobs never change.
 * - `BlobSizeMismatch`: the body was shorter or longer than announced; nothing was stored.
 * - `BlobRangeInvalid`: the range does not lie within the blob.
 * - `BlobStoreUnavailable`: the store cannot be reached or does not work.
 * - `BlobStoreFull`: no space is left.
 */
export type BlobErrorCode =
  'BlobNotFound' | 'BlobExists' | 'BlobSizeMismatch' | 'BlobRangeInvalid' | 'BlobStoreUnavailable' | 'BlobStoreFull';

/** A named failure of the blob tier. The message holds no credential, no signed URL and no content. */
export class BlobError extends Error {
  override readonly name = 'BlobError';
  readonly code: BlobErrorCode;
  /** Whether the same call, with a fresh body, may succeed soon. */
  readonly retryable: boolean;

  constructor(code: BlobErrorCode, message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? code === 'BlobStoreUnavailable';
  }
}

export const blobNotFound = (id: string) => new BlobError('BlobNotFound', `There is no blob ${id}.`);
export const blobExists = (id: string) => new BlobError('BlobExists', `There is a blob ${id} already.`);
export const rangeInvalid = (id: string) =>
  new BlobError('BlobRangeInvalid', `The range does not lie within the blob ${id}.`);
