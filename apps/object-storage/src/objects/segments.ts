import type { SegmentRef } from '@coffer/contracts';
import { bodyOf } from '../versions/version-row.ts';

/** Parts given out at once. */
export const MAX_SEGMENTS = 256;
/** Parts given out by one batch: some 170 bytes each on the bus. */
const MAX_OF_BATCH = 4096;

/** How many parts each of so many readers is told of; they ask for more as they come to them. */
export function segmentsEach(readers: number): number {
  return Math.min(MAX_SEGMENTS, Math.ceil(MAX_OF_BATCH / readers));
}

/** Rows of `version_parts p`, gathered in order; bytes travel as base64 inside. */
export const segmentsJson = `json_agg(json_build_object('n', p.part_number, 'o', p.start_offset, 's', p.size,
  'c', p.checksum, 'b', p.blob_id, 'i', encode(p.body, 'base64'), 'z', p.sealed_size, 'h', encode(p.header, 'base64'))
  ORDER BY p.part_number)`;

export interface SegmentJson {
  n: number;
  o: number;
  s: number;
  c: string | null;
  b: string;
  i: string | null;
  z: number | null;
  h: string | null;
}

function bytesOf(base64: string | null): Buffer | null {
  return base64 === null ? null : Buffer.from(base64, 'base64');
}

export function segmentOf(json: SegmentJson): SegmentRef {
  return {
    partNumber: json.n,
    offset: json.o,
    size: json.s,
    body: bodyOf({ blob_id: json.b, body: bytesOf(json.i), sealed_size: json.z, header: bytesOf(json.h) }),
  };
}
