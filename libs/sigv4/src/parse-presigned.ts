import { readCredential } from './credential-scope.ts';
import { accessDenied, authorizationQueryParametersError } from './errors.ts';
import { UNSIGNABLE_ELSEWHERE, wholePayload } from './parse-header.ts';
import { DEFAULT_MAX_SKEW_MS, type ParseOptions, type SigV4Auth } from './parsed-auth.ts';
import { type PayloadMode, readPayloadMode, UNSIGNED_PAYLOAD } from './payload-hash.ts';
import { readQueryHeaders } from './query-headers.ts';
import { headerText, type HeaderIndex, type QueryParameter } from './request.ts';
import { readSignedHeaders, unsignedHeadersError } from './signed-headers.ts';
import { ALGORITHM } from './signing-key.ts';
import { formatErrorTime, parseAmzDate } from './timestamp.ts';

/** A week in seconds, itself allowed. */
export const MAX_EXPIRES_SECONDS = 604_800;

const REQUIRED = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Signature',
  'X-Amz-Date',
  'X-Amz-SignedHeaders',
  'X-Amz-Expires',
] as const;
const TOKEN = 'X-Amz-Security-Token';
const CONTENT_SHA256 = 'x-amz-content-sha256';
const NOT_HEADERS: ReadonlySet<string> = new Set(
  [...REQUIRED, TOKEN, CONTENT_SHA256].map((name) => name.toLowerCase()),
);

/** Whether a query claims to carry a SigV4 signature, complete or not. */
export function isPresignedV4(parameters: readonly QueryParameter[]): boolean {
  return parameters.some(
    ({ name }) => name === 'X-Amz-Algorithm' || name === 'X-Amz-Signature' || name === 'X-Amz-Credential',
  );
}

/** Reads a presigned URL. @throws SignatureError, in the words of S3 */
export function parsePresigned(
  parameters: readonly QueryParameter[],
  headers: HeaderIndex,
  options: ParseOptions,
): SigV4Auth {
  const [algorithm, credential, signature, amzDate, signedHeaderList, expires] = REQUIRED.map((name) => {
    const value = single(parameters, name);
    if (!value) {
      throw authorizationQueryParametersError(
        'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
        'missing',
      );
    }
    return value;
  }) as [string, string, string, string, string, string];
  if (algorithm !== ALGORITHM) {
    throw authorizationQueryParametersError(`X-Amz-Algorithm only supports "${ALGORITHM}"`, 'unknown-scheme');
  }
  const timestamp = parseAmzDate(amzDate);
  if (!timestamp) {
    throw authorizationQueryParametersError(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`);
  }
  const { accessKeyId, scope } = readCredential(credential, amzDate, options, (detail, extras) =>
    authorizationQueryParametersError(`Error parsing the X-Amz-Credential parameter; ${detail}`, 'malformed', extras),
  );
  const signedHeaders = readSignedHeaders(signedHeaderList);
  if (!signedHeaders) throw authorizationQueryParametersError('The X-Amz-SignedHeaders list is malformed.');
  const expiresSeconds = readExpires(expires);
  checkValidity(timestamp, expiresSeconds, options);

  const sessionToken = single(parameters, TOKEN);
  const queryHeaders = readQueryHeaders(parameters, NOT_HEADERS);
  if (!queryHeaders) throw authorizationQueryParametersError('A header is named more than once in the query.');
  const { payload, payloadHash } =
    scope.service === 's3'
      ? presignedPayload(parameters, headers, signedHeaders)
      : wholePayload(headers, signedHeaders, options);

  // What stands in the query too is refused by its signature instead, as AWS does.
  const inQuery = parameters.map(({ name }) => name.toLowerCase());
  const exempt = new Set(scope.service === 's3' ? inQuery : [...inQuery, ...UNSIGNABLE_ELSEWHERE]);
  // A client's habit of hashing every body does not spoil a URL that leaves the body open; its promise is still checked.
  if (payload.kind !== 'streaming') exempt.add(CONTENT_SHA256);
  const open = unsignedHeadersError(headers, signedHeaders, exempt);
  if (open) throw open;

  return {
    kind: 'v4-query',
    accessKeyId,
    scope,
    signedHeaders,
    signature,
    timestamp,
    amzDate,
    expiresSeconds,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    payload,
    payloadHash,
    queryHeaders,
  };
}

function single(parameters: readonly QueryParameter[], name: string): string | undefined {
  const found = parameters.filter((parameter) => parameter.name === name);
  if (found.length > 1) throw authorizationQueryParametersError(`${name} is given more than once.`);
  return found[0]?.value;
}

function readExpires(text: string): number {
  if (!/^-?\d+$/.test(text)) throw authorizationQueryParametersError('X-Amz-Expires should be a number');
  const seconds = Number(text);
  if (seconds < 0) throw authorizationQueryParametersError('X-Amz-Expires must be non-negative');
  if (seconds > MAX_EXPIRES_SECONDS) {
    throw authorizationQueryParametersError(
      `X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ${MAX_EXPIRES_SECONDS} seconds`,
    );
  }
  return seconds;
}

function checkValidity(timestamp: Date, expiresSeconds: number, options: ParseOptions): void {
  const now = options.now.getTime();
  const end = timestamp.getTime() + expiresSeconds * 1000;
  const times = {
    'X-Amz-Expires': String(expiresSeconds),
    Expires: formatErrorTime(new Date(end)),
    ServerTime: formatErrorTime(options.now),
  };
  if (timestamp.getTime() - now > (options.maxSkewMs ?? DEFAULT_MAX_SKEW_MS)) {
    throw accessDenied('Request is not valid yet', 'not-yet-valid', times);
  }
  if (now > end) throw accessDenied('Request has expired', 'expired', times);
}

/**
 * The signature covers `UNSIGNED-PAYLOAD` unless a signed x-amz-content-sha256 (header or parameter) says otherwise.
 * An unsigned one is a promise about the body all the same.
 */
function presignedPayload(
  parameters: readonly QueryParameter[],
  headers: HeaderIndex,
  signedHeaders: readonly string[],
): { payload: PayloadMode; payloadHash: string } {
  const header = headerText(headers, CONTENT_SHA256);
  const hoisted = parameters.filter(({ name }) => name.toLowerCase() === CONTENT_SHA256);
  if (hoisted.length > 1) throw authorizationQueryParametersError('A header is named more than once in the query.');
  const signed = signedHeaders.includes(CONTENT_SHA256) ? header : hoisted[0]?.value;
  return {
    payload: readPayloadMode(signed ?? header ?? UNSIGNED_PAYLOAD),
    payloadHash: signed ?? UNSIGNED_PAYLOAD,
  };
}
