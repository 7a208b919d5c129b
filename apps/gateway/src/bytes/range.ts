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
 */
export function parseRange(header: string | undefined): RangeSpec | undefined {
  const match = header === undefined ? null : /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.replaceAll(' ', ''));
  if (!match) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '') return last === '' ? undefined : { suffix: Number(last) };
  const start = Number(first);
  if (last === '') return { start };
  const end = Number(last);
  return end < start ? undefined : { start, end };
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
