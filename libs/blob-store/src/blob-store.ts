import type { Readable } from 'node:stream';

/** Inclusive byte offsets, 0 <= start <= end < size of the blob. */
export interface BlobRange {
  start: number;
  end: number;
}

export interface BlobOptions {
  /** Ends the call with the signal's reason. */
  signal?: AbortSignal;
}

export interface BlobEntry {
  id: string;
  /** Bytes. */
  size: number;
  modified: Date;
}

export type BlobBody = Readable | AsyncIterable<Uint8Array>;

/**
 * Where sealed bodies lie: immutable blobs under unguessable ids. Every method throws a `BlobError`, and a TypeError
 * for an argument that is malformed (an id that is none). Adapters pass one contract suite (`testkit/contract.ts`).
 */
export interface BlobStore {
  /**
   * Stores a blob of exactly `size` bytes. When it resolves the blob is durable and readable; when it rejects, nothing
   * is visible under the id (except after `BlobStoreUnavailable`, when the outcome is not known). The body is consumed
   * or destroyed in every case; an error of the body itself is rethrown as it is.
   *
   * A chunk is not used any more once the next one is asked for, and the last one not once the call has settled: the body
   * may use its memory again.
   *
   * @throws BlobError `BlobExists`, `BlobSizeMismatch`, `BlobStoreFull`, `BlobStoreUnavailable`.
   */
  put(id: string, size: number, body: BlobBody, options?: BlobOptions): Promise<void>;

  /**
   * The bytes of a blob or of a part of it. The caller consumes or destroys the stream, and may keep its chunks: their
   * memory is not used again. A failure after the start destroys the stream with an error; it never ends early without one.
   *
   * @throws BlobError `BlobNotFound`, `BlobRangeInvalid`, `BlobStoreUnavailable`.
   */
  get(id: string, range?: BlobRange, options?: BlobOptions): Promise<Readable>;

  /** Removes a blob; an absent one is no error. After a power loss a deleted blob may be there again. */
  delete(id: string): Promise<void>;

  /** Up to `limit` (1 to 1000) complete blobs in the order of their ids, those after `after`. */
  list(options: { after?: string; limit: number }): Promise<BlobEntry[]>;

  /** Resolves when the store can be used now. */
  check(): Promise<void>;

  /** Releases connections. The store is not used afterwards. */
  close(): Promise<void>;
}

/** Most entries of one `list`. */
export const MAX_LIST = 1000;

/** @throws TypeError for a limit or a starting id that is malformed. */
export function assertListOptions(options: { limit: number }): void {
  if (!Number.isInteger(options.limit) || options.limit < 1 || options.limit > MAX_LIST) {
    throw new TypeError(`A list has a limit from 1 to ${MAX_LIST}.`);
  }
}

/** @throws TypeError for a range that can lie within no blob. */
export function assertRange(range: BlobRange | undefined): void {
  if (!range) return;
  const { start, end } = range;
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new TypeError('A range has whole offsets with 0 <= start <= end.');
  }
}
