import { limits } from './limits.ts';
import { WireError } from './wire-error.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const PLAIN = /^[\x20-\x24\x26-\x7e]*$/;

const hex = (code: number): number => {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 65 && code <= 70) return code - 55;
  if (code >= 97 && code <= 102) return code - 87;
  return -1;
};

/**
 * Percent-decodes exactly: `%` must be followed by two hex digits and the bytes must be UTF-8. Characters above 0x7f
 * are taken for the raw bytes that Node hands over as latin1. Returns undefined when the text is not decodable.
 */
export function percentDecode(text: string, plusIsSpace: boolean): string | undefined {
  if (PLAIN.test(text)) return plusIsSpace && text.includes('+') ? text.replaceAll('+', ' ') : text;
  const bytes = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code === 0x25) {
      const high = hex(text.charCodeAt(i + 1));
      const low = hex(text.charCodeAt(i + 2));
      if (high < 0 || low < 0) return undefined;
      code = high * 16 + low;
      i += 2;
    } else if (code === 0x2b && plusIsSpace) {
      code = 0x20;
    } else if (code < 0x20 || code > 0xff) {
      return undefined;
    }
    bytes[length++] = code;
  }
  try {
    return utf8.decode(bytes.subarray(0, length));
  } catch {
    return undefined;
  }
}

/** Name and value of every parameter in the order of the text; a name without `=` has an empty value. */
export function parseParameters(text: string): [name: string, value: string][] | undefined {
  const pairs: [string, string][] = [];
  if (text === '') return pairs;
  for (const part of text.split('&')) {
    if (part === '') continue;
    if (pairs.length === limits.parameters) return undefined;
    const equals = part.indexOf('=');
    const name = percentDecode(equals < 0 ? part : part.slice(0, equals), true);
    const value = equals < 0 ? '' : percentDecode(part.slice(equals + 1), true);
    if (name === undefined || value === undefined) return undefined;
    pairs.push([name, value]);
  }
  return pairs;
}

export interface Target {
  /** The path as received, starting with a slash, not decoded. */
  readonly path: string;
  readonly pairs: readonly (readonly [name: string, value: string])[];
  /** The first value of each name. */
  readonly query: ReadonlyMap<string, string>;
}

/** Splits a request target in origin form. Throws InvalidURI. */
export function parseTarget(target: string): Target {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const pairs = mark < 0 ? [] : parseParameters(target.slice(mark + 1));
  if (!path.startsWith('/') || !pairs) throw invalidUri(target);
  const query = new Map<string, string>();
  for (const [name, value] of pairs) if (!query.has(name)) query.set(name, value);
  return { path, pairs, query };
}

export function invalidUri(uri: string): WireError {
  // The text goes back to the client inside a document: bounded, and shown as it came.
  return new WireError('InvalidURI', { extras: { URI: uri.slice(0, 1024) } });
}
