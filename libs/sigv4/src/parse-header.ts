import { readCredential } from './credential-scope.ts';
import { accessDenied, authorizationHeaderMalformed, invalidRequest, SignatureError } from './errors.ts';
import type { AuthorizationHeader } from './parse-authorization.ts';
import { DEFAULT_MAX_SKEW_MS, type ParseOptions, type SigV4Auth } from './parsed-auth.ts';
import { type PayloadMode, readPayloadMode } from './payload-hash.ts';
import { headerText, type HeaderIndex } from './request.ts';
import { readSignedHeaders, unsignedHeadersError } from './signed-headers.ts';
import { EMPTY_SHA256 } from './signing-key.ts';
import { formatAmzDate, formatErrorTime, parseDateHeader } from './timestamp.ts';

type V4Header = Extract<AuthorizationHeader, { scheme: 'v4' }>;

/**
 * The moment a request with an Authorization header was made: `x-amz-date`, else `Date`.
 * @throws 403 AccessDenied without a usable one.
 */
export function requestTime(headers: HeaderIndex): Date {
  const text = headerText(headers, 'x-amz-date') ?? headerText(headers, 'date');
  const timestamp = text === undefined ? undefined : parseDateHeader(text);
  if (!timestamp) {
    throw accessDenied(
      'AWS authentication requires a valid Date or x-amz-date header',
      text === undefined ? 'missing' : 'malformed',
    );
  }
  return timestamp;
}

/** @throws 403 RequestTimeTooSkewed */
export function checkSkew(timestamp: Date, headers: HeaderIndex, options: ParseOptions): void {
  const maxSkewMs = options.maxSkewMs ?? DEFAULT_MAX_SKEW_MS;
  if (Math.abs(options.now.getTime() - timestamp.getTime()) <= maxSkewMs) return;
  throw new SignatureError({
    code: 'RequestTimeTooSkewed',
    status: 403,
    message: 'The difference between the request time and the current time is too large.',
    reason: 'skew',
    extras: {
      RequestTime: headerText(headers, 'x-amz-date') ?? headerText(headers, 'date') ?? '',
      ServerTime: formatErrorTime(options.now),
      MaxAllowedSkewMilliseconds: String(maxSkewMs),
    },
  });
}

/** Reads a request that was signed in its headers. @throws SignatureError, in the words of S3 */
export function parseV4Header(parts: V4Header, headers: HeaderIndex, options: ParseOptions): SigV4Auth {
  const timestamp = requestTime(headers);
  const amzDate = formatAmzDate(timestamp);
  const { accessKeyId, scope } = readCredential(parts.credential, amzDate, options, (detail, extras) =>
    authorizationHeaderMalformed(detail, 'malformed', extras),
  );
  const signedHeaders = readSignedHeaders(parts.signedHeaders);
  if (!signedHeaders) throw authorizationHeaderMalformed('the SignedHeaders list is malformed.');
  checkSkew(timestamp, headers, options);

  const { payload, payloadHash } =
    scope.service === 's3' ? s3Payload(headers) : wholePayload(headers, signedHeaders, options);
  const open = unsignedHeadersError(headers, signedHeaders, scope.service === 's3' ? NONE : UNSIGNABLE_ELSEWHERE);
  if (open) throw open;

  const sessionToken = headerText(headers, 'x-amz-security-token');
  return {
    kind: 'v4-header',
    accessKeyId,
    scope,
    signedHeaders,
    signature: parts.signature,
    timestamp,
    amzDate,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    payload,
    payloadHash,
    queryHeaders: new Map(),
  };
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Outside S3 signers may add the token after signing (the token proves itself), and the body's own hash counts rather
 * than an unsigned header about it.
 */
export const UNSIGNABLE_ELSEWHERE: ReadonlySet<string> = new Set(['x-amz-security-token', 'x-amz-content-sha256']);

interface Payload {
  payload: PayloadMode;
  payloadHash: string;
}

function s3Payload(headers: HeaderIndex): Payload {
  const value = headerText(headers, 'x-amz-content-sha256');
  if (value === undefined) {
    throw invalidRequest('Missing required header for this request: x-amz-content-sha256', 'missing');
  }
  return { payload: readPayloadMode(value), payloadHash: value };
}

/**
 * Other services sign the hash of the whole body. Where the caller has not read it (archive uploads), a signed
 * x-amz-content-sha256 promises it; with neither, the body must be empty.
 */
export function wholePayload(headers: HeaderIndex, signedHeaders: readonly string[], options: ParseOptions): Payload {
  let sha256 = options.bodySha256;
  const promised = headerText(headers, 'x-amz-content-sha256');
  if (sha256 === undefined && promised !== undefined && signedHeaders.includes('x-amz-content-sha256')) {
    const mode = readPayloadMode(promised);
    if (mode.kind !== 'hash') {
      throw invalidRequest('Unsigned and streaming payloads are not supported for this service.', 'unsupported');
    }
    sha256 = promised;
  }
  sha256 ??= EMPTY_SHA256;
  return { payload: { kind: 'hash', sha256: sha256.toLowerCase() }, payloadHash: sha256 };
}
