import { recode, uriEncode, wireBytes } from './encode.ts';
import { canonicalHeaderValue, type HeaderIndex, type QueryParameter } from './request.ts';

/**
 * The spellings of a path that its signer may have meant. S3: encoded once, nothing normalised; a slash that came
 * encoded was signed either so (S3 Control signs ARNs that way) or as a plain one (keys). Other services: the path as
 * received (already encoded once) is normalised by RFC 3986 and encoded once more.
 */
export function canonicalUris(path: string, service: string): [string, ...string[]] {
  if (service !== 's3') return [uriEncode(wireBytes(removeDotSegments(path)), true)];
  const kept = path
    .split('/')
    .map((segment) => recode(segment))
    .join('/');
  return kept.includes('%2F') ? [kept, kept.replaceAll('%2F', '/')] : [kept];
}

function removeDotSegments(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const end = kept.length > 0 && path.endsWith('/') ? '/' : '';
  return `/${kept.join('/')}${end}`;
}

/** Every parameter but X-Amz-Signature, encoded, sorted by name and then by value. */
export function canonicalQuery(parameters: readonly QueryParameter[]): string {
  return parameters
    .filter(({ name }) => name !== 'X-Amz-Signature')
    .sort((a, b) => compare(a.canonicalName, b.canonicalName) || compare(a.canonicalValue, b.canonicalValue))
    .map(({ canonicalName, canonicalValue }) => `${canonicalName}=${canonicalValue}`)
    .join('&');
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export interface CanonicalParts {
  method: string;
  /** One of {@link canonicalUris}. */
  uri: string;
  parameters: readonly QueryParameter[];
  headers: HeaderIndex;
  signedHeaders: readonly string[];
  payloadHash: string;
}

/** The canonical request with one character per byte (hash it as latin1). A signed header that is absent is empty. */
export function canonicalRequest(parts: CanonicalParts): string {
  return [
    parts.method,
    parts.uri,
    canonicalQuery(parts.parameters),
    ...parts.signedHeaders.map((name) => `${name}:${canonicalHeaderValue(parts.headers.get(name) ?? [])}`),
    '',
    parts.signedHeaders.join(';'),
    parts.payloadHash,
  ].join('\n');
}
