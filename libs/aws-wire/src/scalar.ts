import type { NormalizedSchema } from '@smithy/core/schema';

/** Formats of a timestamp on the wire: ISO 8601, RFC 7231 date, seconds since 1970. */
export type TimestampFormat = 'date-time' | 'http-date' | 'epoch-seconds';

export type ScalarKind = 'string' | 'number' | 'boolean' | 'timestamp' | 'blob';

/** Thrown by scalar readers; the protocol turns it into its own error. */
export class ScalarError extends Error {}

export function scalarKind(schema: NormalizedSchema): ScalarKind | undefined {
  if (schema.isTimestampSchema()) return 'timestamp';
  if (schema.isStringSchema()) return 'string';
  if (schema.isBooleanSchema()) return 'boolean';
  if (schema.isNumericSchema()) return 'number';
  if (schema.isBlobSchema()) return 'blob';
  return undefined;
}

/** The format that the schema itself demands (5, 6 and 7 of the SDK's numbering), else the place's default. */
export function timestampFormat(schema: NormalizedSchema, fallback: TimestampFormat): TimestampFormat {
  switch (schema.getSchema()) {
    case 5:
      return 'date-time';
    case 6:
      return 'http-date';
    case 7:
      return 'epoch-seconds';
    default:
      return fallback;
  }
}

const INTEGER = /^[+-]?\d{1,19}$/;
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
const ISO = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;
const HTTP_DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? (?:\d{1,2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d\d:\d\d:\d\d(?:\.\d+)? (?:GMT|UTC|[+-]0000)|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})$/;
const EPOCH = /^-?\d{1,12}(?:\.\d{1,9})?$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** A whole number in decimal digits, exact in a double. */
export function readInteger(text: string): number {
  const value = INTEGER.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw new ScalarError('not an integer');
  return value;
}

export function readDecimal(text: string): number {
  const value = DECIMAL.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value)) throw new ScalarError('not a number');
  return value;
}

/** `true` or `false`; letter case is ignored because older clients send `True`. */
export function readBoolean(text: string): boolean {
  const lower = text.toLowerCase();
  if (lower === 'true') return true;
  if (lower === 'false') return false;
  throw new ScalarError('not a boolean');
}

/** A date in any of the three formats: clients differ, and the formats cannot be confused with each other. */
export function readTimestamp(text: string): Date {
  let time = NaN;
  if (ISO.test(text)) {
    const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(text.slice(10)) || text.length === 10;
    time = Date.parse(zoned ? text.replace(/([+-]\d\d)(\d\d)$/, text.length > 10 ? '$1:$2' : '$&') : `${text}Z`);
  } else if (HTTP_DATE.test(text)) {
    time = Date.parse(/[a-z] [ \d]\d \d\d:\d\d:\d\d \d{4}$/.test(text) ? `${text} GMT` : text);
  } else if (EPOCH.test(text)) {
    time = Math.round(Number(text) * 1000);
  }
  if (!Number.isFinite(time)) throw new ScalarError('not a date');
  return new Date(time);
}

export function readBlob(text: string): Uint8Array {
  const compact = text.replace(/[\r\n\t ]/g, '');
  if (!BASE64.test(compact) || compact.replace(/=+$/, '').length % 4 === 1) throw new ScalarError('not base64');
  return new Uint8Array(Buffer.from(compact, 'base64'));
}

/** A reader of one scalar's text; throws ScalarError. */
export function scalarReader(kind: ScalarKind, number: 'integer' | 'decimal'): (text: string) => unknown {
  switch (kind) {
    case 'string':
      return (text) => text;
    case 'boolean':
      return (text) => readBoolean(text.trim());
    case 'number':
      return number === 'integer' ? (text) => readInteger(text.trim()) : (text) => readDecimal(text.trim());
    case 'timestamp':
      return (text) => readTimestamp(text.trim());
    case 'blob':
      return readBlob;
  }
}

/** A date that an operation returned: a Date, or an ISO string where it came over the bus. */
export function toDate(value: unknown): Date {
  const date = value instanceof Date ? value : new Date(value as string | number);
  if (Number.isNaN(date.getTime())) throw new TypeError('an output holds an invalid date');
  return date;
}

/** Bytes that an operation returned: bytes, or base64 text where they came over the bus. */
export function toBase64(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!(value instanceof Uint8Array)) throw new TypeError('an output holds a blob that is not bytes');
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
}

/**
 * A writer of one scalar as text. ISO dates keep their milliseconds where `millis` says so: S3 always writes
 * `.000Z`, the query APIs write whole seconds bare.
 */
export function scalarWriter(
  kind: ScalarKind,
  format: TimestampFormat,
  millis: 'always' | 'when-needed',
): (value: unknown) => string {
  switch (kind) {
    case 'timestamp':
      if (format === 'http-date') return (value) => toDate(value).toUTCString();
      if (format === 'epoch-seconds') return (value) => String(toDate(value).getTime() / 1000);
      return millis === 'always'
        ? (value) => toDate(value).toISOString()
        : (value) => toDate(value).toISOString().replace('.000Z', 'Z');
    case 'blob':
      return toBase64;
    default:
      return (value) => String(value as string | number | boolean);
  }
}
