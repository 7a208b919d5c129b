import { accessDenied, type SignatureError } from './errors.ts';
import type { HeaderIndex } from './request.ts';

const MAX_SIGNED_HEADERS = 128;
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]{1,256}$/;

/** Reads `a;b;c`: lower-case names, none twice. Undefined when it is not that. */
export function readSignedHeaders(list: string): string[] | undefined {
  const names = list.split(';', MAX_SIGNED_HEADERS + 1);
  if (names.length > MAX_SIGNED_HEADERS || new Set(names).size !== names.length) return undefined;
  return names.every((name) => HEADER_NAME.test(name)) ? names : undefined;
}

/**
 * `host` and every `x-amz-*` header present must be signed, or someone on the way could add or change one.
 * `exempt` names headers that are ignored, or proven otherwise, when unsigned.
 * @returns 403 AccessDenied with `HeadersNotSigned`, or undefined.
 */
export function unsignedHeadersError(
  headers: HeaderIndex,
  signedHeaders: readonly string[],
  exempt: ReadonlySet<string>,
): SignatureError | undefined {
  const signed = new Set(signedHeaders);
  const open = [...headers.keys()].filter(
    (name) => name.startsWith('x-amz-') && !signed.has(name) && !exempt.has(name),
  );
  if (!signed.has('host')) open.unshift('host');
  if (open.length === 0) return undefined;
  return accessDenied('There were headers present in the request which were not signed', 'unsigned-headers', {
    HeadersNotSigned: open.sort().join(', '),
  });
}
