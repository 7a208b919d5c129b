import { percentDecode, recode, utf8Text, wireText } from './encode.ts';

export type RequestHeaders =
  ReadonlyArray<readonly [name: string, value: string]> | NodeJS.Dict<string | string[]> | HeaderIndex;

/** What a signature covers, as it was received. */
export interface SignedRequest {
  method: string;
  /** Raw request target: path and query exactly as received, still percent-encoded. */
  target: string;
  /**
   * Pairs (in wire order, best for duplicates), Node's object of lower-cased names, or what {@link indexHeaders} made of
   * either, which spares whoever reads and verifies a request to do it twice.
   */
  headers: RequestHeaders;
}

/** Header values by lower-case name, one character per byte, in the order received. */
export type HeaderIndex = ReadonlyMap<string, readonly string[]>;

export function indexHeaders(headers: RequestHeaders): HeaderIndex {
  if (headers instanceof Map) return headers as HeaderIndex;
  const index = new Map<string, string[]>();
  const add = (name: string, value: string) => {
    const key = name.toLowerCase();
    const values = index.get(key);
    if (values) values.push(wireText(value));
    else index.set(key, [wireText(value)]);
  };
  if (Array.isArray(headers)) {
    for (const [name, value] of headers as ReadonlyArray<readonly [string, string]>) add(name, value);
  } else {
    for (const [name, value] of Object.entries(headers as NodeJS.Dict<string | string[]>)) {
      if (value === undefined) continue;
      for (const one of Array.isArray(value) ? value : [value]) add(name, one);
    }
  }
  return index;
}

/** One value for a header: each trimmed, inner runs of white space made one space, duplicates joined with commas. */
export function canonicalHeaderValue(values: readonly string[]): string {
  return values.length === 1 ? collapse(values[0]!) : values.map((value) => collapse(value)).join(',');
}

const WHITE = /[ \t\r\n\f\v]/;

// Not `\s` and `trim`: both would also eat 0xA0, which is half of a UTF-8 character here.
function collapse(value: string): string {
  if (!WHITE.test(value)) return value;
  const single = value.replace(/[ \t\r\n\f\v]+/g, ' ');
  return single.slice(single.startsWith(' ') ? 1 : 0, single.length > 1 && single.endsWith(' ') ? -1 : undefined);
}

/** The value of a header as text (UTF-8), or undefined when it is absent. */
export function headerText(index: HeaderIndex, name: string): string | undefined {
  const values = index.get(name);
  return values && utf8Text(canonicalHeaderValue(values));
}

export interface QueryParameter {
  /** Decoded as UTF-8; `+` stays a plus sign, as AWS's signers never write a space that way. */
  name: string;
  value: string;
  canonicalName: string;
  canonicalValue: string;
  /** Whether there was a `=`: SigV2 tells `?acl` from `?acl=`. */
  hasValue: boolean;
}

export interface Target {
  path: string;
  parameters: readonly QueryParameter[];
}

/** Splits a raw target (origin form; the authority of an absolute form is left away) without normalising anything. */
export function splitTarget(target: string): Target {
  const origin = target.replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?]*/, '');
  const mark = origin.indexOf('?');
  if (mark < 0) return { path: origin || '/', parameters: [] };
  const parameters: QueryParameter[] = [];
  for (const part of origin.slice(mark + 1).split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? '' : part.slice(equals + 1);
    parameters.push({
      name: percentDecode(name).toString('utf8'),
      value: percentDecode(value).toString('utf8'),
      canonicalName: recode(name),
      canonicalValue: recode(value),
      hasValue: equals >= 0,
    });
  }
  return { path: origin.slice(0, mark) || '/', parameters };
}
