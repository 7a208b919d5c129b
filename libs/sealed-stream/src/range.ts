import { HEADER_SIZE, SEALED_SEGMENT_SIZE, SEGMENT_SIZE, TAG_SIZE, sealedSize, segmentCount } from './format.ts';

/** Which sealed bytes a read of a part of the content needs, and what of their content to keep. */
export interface RangePlan {
  /** First and last (inclusive) byte of the header; not needed when the header was kept elsewhere. */
  readonly header: readonly [start: number, endInclusive: number];
  /** Offset of the first sealed byte needed. */
  readonly sealedStart: number;
  /** Offset of the last sealed byte needed (inclusive). */
  readonly sealedEnd: number;
  /** Index of the segment at `sealedStart`. */
  readonly firstSegment: number;
  /** Number of segments of the whole body: tells which segment must carry the last-segment flag. */
  readonly segments: number;
  /** Plain bytes to drop from the first segment. */
  readonly skip: number;
  /** Plain bytes to give. */
  readonly take: number;
}

/**
 * Plans the read of the plain bytes `start` to `endInclusive` of a body with `plainSize` plain bytes: one contiguous
 * range of sealed bytes that covers exactly the segments touched.
 *
 * @throws RangeError unless 0 <= start <= endInclusive < plainSize.
 */
export function planRange(plainSize: number, start: number, endInclusive: number): RangePlan {
  const end = sealedSize(plainSize) - 1;
  if (
    !Number.isInteger(start) ||
    !Number.isInteger(endInclusive) ||
    start < 0 ||
    endInclusive < start ||
    endInclusive >= plainSize
  ) {
    throw new RangeError('The range must lie within the content.');
  }
  const firstSegment = Math.floor(start / SEGMENT_SIZE);
  const lastSegment = Math.floor(endInclusive / SEGMENT_SIZE);
  return {
    header: [0, HEADER_SIZE - 1],
    sealedStart: HEADER_SIZE + firstSegment * SEALED_SEGMENT_SIZE,
    sealedEnd: Math.min(end, HEADER_SIZE + (lastSegment + 1) * SEALED_SEGMENT_SIZE - 1),
    firstSegment,
    segments: segmentCount(plainSize),
    skip: start - firstSegment * SEGMENT_SIZE,
    take: endInclusive - start + 1,
  };
}

/** Checks a plan that a caller hands in, which may have crossed a process border. */
export function assertRangePlan(plan: RangePlan): void {
  const length = plan.sealedEnd - plan.sealedStart + 1;
  const count = Math.ceil(length / SEALED_SEGMENT_SIZE);
  const plain = length - count * TAG_SIZE;
  const wholes = [plan.sealedStart, plan.sealedEnd, plan.firstSegment, plan.segments, plan.skip, plan.take];
  if (
    !wholes.every((value) => Number.isSafeInteger(value) && value >= 0) ||
    plan.sealedStart !== HEADER_SIZE + plan.firstSegment * SEALED_SEGMENT_SIZE ||
    plan.firstSegment + count > plan.segments ||
    plan.take < 1 ||
    plan.skip + plan.take > plain
  ) {
    throw new RangeError('This is not a range plan.');
  }
}
