import { invalidArgument, invalidRequest, malformedTrailer, missingContentLength } from './errors.ts';
import type { PayloadMode } from './payload-hash.ts';
import { headerText, indexHeaders, type RequestHeaders } from './request.ts';

/** Trailers that may follow an aws-chunked body. */
const TRAILERS: ReadonlySet<string> = new Set(
  ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256', 'sha512', 'md5', 'xxhash64', 'xxhash3', 'xxhash128'].map(
    (algorithm) => `x-amz-checksum-${algorithm}`,
  ),
);

export interface StreamingHeaders {
  /** Bytes of the body once decoded. */
  decodedLength: number;
  /** Lower-case names announced by x-amz-trailer; empty for a body without trailers. */
  trailerNames: string[];
}

/**
 * Checks the headers that go with an aws-chunked body.
 * @throws 411 MissingContentLength, 400 InvalidArgument (length not a number), 400 InvalidRequest (a trailer that is
 * not a checksum, or one where the payload mode has none), 400 MalformedTrailerError (none announced)
 */
export function checkStreamingHeaders(
  headers: RequestHeaders,
  payload: Extract<PayloadMode, { kind: 'streaming' }>,
): StreamingHeaders {
  const index = indexHeaders(headers);
  const length = headerText(index, 'x-amz-decoded-content-length');
  if (length === undefined || length === '') throw missingContentLength();
  if (!/^\d{1,15}$/.test(length)) {
    throw invalidArgument('The decoded content length is not a number.', 'x-amz-decoded-content-length', length);
  }
  const announced = headerText(index, 'x-amz-trailer');
  const trailerNames = (announced ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  const known = trailerNames.every((name) => TRAILERS.has(name)) && new Set(trailerNames).size === trailerNames.length;
  if (!known || (trailerNames.length > 0 && !payload.trailer)) {
    throw invalidRequest('The value specified in the x-amz-trailer header is not supported', 'unsupported');
  }
  if (payload.trailer && trailerNames.length === 0) throw malformedTrailer();
  return { decodedLength: Number(length), trailerNames };
}

/** Name of the signature that ends signed trailers. */
export const TRAILER_SIGNATURE = 'x-amz-trailer-signature';

/** Takes one `name:value` line apart. @throws 400 MalformedTrailerError */
export function readTrailerLine(line: string): { name: string; value: string } {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
  const value = line.slice(colon + 1).replace(/^[ \t]+/, '');
  // Only blanks are left away: `trim` would also drop control characters that were not signed.
  if (name === '' || !/^[\x20-\x7e]*$/.test(value)) throw malformedTrailer();
  return { name, value: value.trimEnd() };
}

/** What the trailer signature covers: `name:value\n` for each, sorted by name. */
export function canonicalTrailers(trailers: ReadonlyMap<string, string>): string {
  return [...trailers.keys()]
    .sort()
    .map((name) => `${name}:${trailers.get(name)}\n`)
    .join('');
}
