import { s3Error } from '@coffer/contracts';

/** A parsed `Range` header. */
export type RangeSpec = { readonly start: number; readonly end?: number } | { readonly suffix: number };

/** First and last byte, both inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a `Range` header. What is no single byte range is ignored, as S3 does: the whole object is the answer.
 *
 * Numbers may be of any length: clients ask for "all from here" with an end near 2^63, and one that got the whole object
 * instead would take its beginning for what it asked for. They count as no more than 2^53-1, far beyond any object.
 */
export function parseRange(header: string | undefined): RangeSpec | undefined {
  const match = header === undefined ? null : /^bytes=(\d*)-(\d*)$/.exec(header.replaceAll(' ', ''));
  if (!match) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '') return last === '' ? undefined : { suffix: position(last) };
  const start = position(first);
  if (last === '') return { start };
  const end = position(last);
  return end < start ? undefined : { start, end };
}

function position(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}

/** The bytes that a range means in an object of `size` bytes. Throws 416 InvalidRange when there are none. */
export function resolveRange(spec: RangeSpec, size: number, header: string): ByteRange {
  const range =
    'suffix' in spec
      ? { start: Math.max(0, size - spec.suffix), end: size - 1 }
      : { start: spec.start, end: Math.min(spec.end ?? size - 1, size - 1) };
  if (range.start > range.end || ('suffix' in spec && spec.suffix === 0)) {
    throw s3Error('InvalidRange', { ActualObjectSize: String(size), RangeRequested: header });
  }
  return range;
}
