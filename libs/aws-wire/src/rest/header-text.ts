const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
// eslint-disable-next-line no-control-regex
const ASCII = /^[\x00-\x7f]*$/;
// eslint-disable-next-line no-control-regex
const UNSAFE = /[\x00-\x08\x0a-\x1f\x7f]/g;

/** Text of a received header: Node gives the bytes as latin1; they are UTF-8 unless they cannot be. */
export function receivedText(value: string): string {
  if (ASCII.test(value)) return value;
  try {
    return utf8.decode(Buffer.from(value, 'latin1'));
  } catch {
    return value;
  }
}

/**
 * Text for a header to send: UTF-8 bytes in the latin1 form that Node wants. Control characters become spaces, so that
 * a value from a client (`response-content-disposition`) can never start another header.
 */
export function sentText(value: string): string {
  if (ASCII.test(value)) return value.replace(UNSAFE, ' ');
  return Buffer.from(value.replace(UNSAFE, ' '), 'utf8').toString('latin1');
}

/** User metadata that is not ASCII goes out as an RFC 2047 encoded word, as S3 does. */
export function sentMetadata(value: string): string {
  if (ASCII.test(value)) return value.replace(UNSAFE, ' ');
  return `=?UTF-8?B?${Buffer.from(value, 'utf8').toString('base64')}?=`;
}

/** Elements of a comma-separated header; an element may be quoted, with `\` before quotes and backslashes. */
export function splitList(value: string): string[] {
  const items: string[] = [];
  for (const match of value.matchAll(/[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^,]*))[ \t]*(?:,|$)/gy)) {
    if (match[0] === '' && items.length > 0 && !value.endsWith(',')) break;
    items.push(match[1] === undefined ? (match[2] ?? '').trim() : match[1].replace(/\\(.)/g, '$1'));
    if (!match[0].endsWith(',')) break;
  }
  return items;
}

/** The reverse of `splitList`. */
export function joinList(items: readonly string[]): string {
  return items.map((item) => (/[",]/.test(item) ? `"${item.replace(/["\\]/g, '\\$&')}"` : item)).join(', ');
}
