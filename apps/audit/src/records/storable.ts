import type { RequestRecord } from '@coffer/contracts';

/** A record on its way into the table. */
export interface Row {
  readonly requestId: string;
  readonly day: string;
  readonly phase: RequestRecord['phase'];
  /** The rest of the record as JSON that `jsonb` accepts. */
  readonly data: string;
}

/** Escapes of JSON that `jsonb` refuses may be in a text that holds one of these. */
const SUSPICIOUS = /\\u(?:0000|d[89a-f])/i;
/** U+2400, the picture of NUL. */
const PICTURE_OF_NUL = '\u2400';

/**
 * In characters. No bucket's name is longer, but what stands in its place in a request may be; the table's index takes
 * no more than 2,704 bytes, and the record holds the request's target as well.
 */
const MAX_BUCKET = 255;

export function toRow(record: RequestRecord, day: string): Row {
  const { requestId, phase, ...data } = record;
  if (data.bucket !== undefined) data.bucket = data.bucket.slice(0, MAX_BUCKET);
  return { requestId, day, phase, data: storableJson(data) };
}

/**
 * JSON for `jsonb`, which cannot hold NUL or half a surrogate pair. A client may send either in a key, and its request
 * must be recorded all the same: NUL becomes U+2400, half a pair U+FFFD.
 */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!SUSPICIOUS.test(text)) return text;
  return JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member === 'string') return storableText(member);
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).map(([name, inner]) => [storableText(name), inner]));
  });
}

function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', PICTURE_OF_NUL);
}
