const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/;

/** Reads a decimal number; undefined when it is none. */
export function parseNumber(text: string): number | undefined {
  const trimmed = text.trim();
  return NUMBER.test(trimmed) ? Number(trimmed) : undefined;
}

const DATE =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?)?)?$/i;

/**
 * Reads a point in time: a W3C profile of ISO 8601 (year alone up to fractions of a second, UTC
 * unless an offset is given), or seconds since 1970 in more than four digits. Returns milliseconds.
 */
export function parseDate(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^\d{5,15}(?:\.\d+)?$/.test(trimmed)) return Number(trimmed) * 1000;
  const parts = DATE.exec(trimmed);
  if (!parts) return undefined;
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00', fraction = '0', zone] = parts;
  const fields = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [y, mo, d, h, mi, s] = fields;
  const time = Date.UTC(y, mo - 1, d, h, mi, s) + Math.trunc(Number(`0.${fraction}`) * 1000);
  // Date.UTC rolls 31 February over into March; such a text is no date.
  const check = new Date(Date.UTC(y, mo - 1, d));
  if (check.getUTCMonth() !== mo - 1 || check.getUTCDate() !== d || h > 24 || mi > 59 || s > 60) return undefined;
  return time - offsetOf(zone);
}

function offsetOf(zone: string | undefined): number {
  if (zone === undefined || zone.toUpperCase() === 'Z') return 0;
  const digits = zone.replace(':', '');
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5));
  return (digits.startsWith('-') ? -minutes : minutes) * 60_000;
}

/** `true` or `false` in any case; undefined otherwise. */
export function parseBoolean(text: string): boolean | undefined {
  const lower = text.trim().toLowerCase();
  if (lower === 'true') return true;
  return lower === 'false' ? false : undefined;
}

/** Base64 without padding, so that equal bytes are equal texts; undefined when it is not base64. */
export function parseBase64(text: string): string | undefined {
  const bare = text.replace(/={1,2}$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(bare) || bare.length % 4 === 1) return undefined;
  return Buffer.from(bare, 'base64')
    .toString('base64')
    .replace(/={1,2}$/, '');
}
