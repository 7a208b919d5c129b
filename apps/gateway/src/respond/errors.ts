import { BlobError } from '@coffer/blob-store';
import { Fault } from '@coffer/contracts';
import { PolicyError } from '@coffer/iam-policy';
import { SealError } from '@coffer/sealed-stream';
import { SignatureError } from '@coffer/sigv4';
import { factsOf, WireError, type Api, type WireErrorResponse } from '@coffer/aws-wire';

/** Faults between services, as a client sees them. Their own words never leave the house. */
const INTERNAL: Readonly<Record<string, Pick<WireErrorResponse, 'code' | 'status' | 'message'>>> = {
  Timeout: { code: 'ServiceUnavailable', status: 503, message: 'Service is unable to handle request.' },
  Unavailable: { code: 'ServiceUnavailable', status: 503, message: 'Service is unable to handle request.' },
  NotUnderstood: { code: 'ServiceUnavailable', status: 503, message: 'Service is unable to handle request.' },
};
const FAILURE = { code: 'InternalError', status: 500, message: 'We encountered an internal error. Please try again.' };
const BETWEEN_SERVICES = new Set([
  'InvalidMessage',
  'Internal',
  'NotPermitted',
  'StaleContext',
  'NotFound',
  'InvalidCiphertext',
  'NoSuchBucketKey',
  'Disabled',
]);

const INVALID_TOKEN = 'The security token included in the request is invalid.';

/** What the query and JSON APIs call the failures of authentication that S3 has names of its own for. */
const OTHER_NAMES: Readonly<
  Partial<Record<Api, Readonly<Record<string, { code: string; status: number; message?: string }>>>>
> = {
  iam: queryNames(),
  sts: queryNames(),
};

function queryNames() {
  return {
    InvalidAccessKeyId: { code: 'InvalidClientTokenId', status: 403, message: INVALID_TOKEN },
    AuthorizationHeaderMalformed: { code: 'IncompleteSignature', status: 400 },
    AuthorizationQueryParametersError: { code: 'IncompleteSignature', status: 400 },
    RequestTimeTooSkewed: { code: 'SignatureDoesNotMatch', status: 403 },
    XAmzContentSHA256Mismatch: { code: 'SignatureDoesNotMatch', status: 403 },
    InvalidToken: { code: 'InvalidClientTokenId', status: 403, message: INVALID_TOKEN },
    ExpiredToken: { code: 'ExpiredToken', status: 403 },
    ServiceUnavailable: { code: 'ServiceUnavailable', status: 503 },
    InternalError: { code: 'ServiceFailure', status: 500 },
  } as const;
}

/** Unlike S3's clients, those of the query APIs are not told which region to sign for. */
const WRONG_REGION = {
  code: 'SignatureDoesNotMatch',
  status: 403,
  message: 'Credential should be scoped to a valid region.',
};

function otherName(api: Api, { code, extras }: Rendered) {
  const names = OTHER_NAMES[api];
  return names && code.startsWith('Authorization') && extras?.['Region'] !== undefined ? WRONG_REGION : names?.[code];
}

export interface Rendered extends WireErrorResponse {
  /** True for what is Coffer's own fault and belongs in its log. */
  readonly unexpected: boolean;
}

/** Turns whatever a stage threw into AWS's error. What is not meant for clients becomes InternalError. */
export function renderError(error: unknown, api: Api): Rendered {
  const known = knownError(error);
  // Extra members such as the canonical request belong to S3's error format alone.
  const extras = factsOf(api).protocol === 'rest-xml' ? known.extras : {};
  return { ...known, ...(extras ? { extras } : {}), ...otherName(api, known) };
}

function knownError(error: unknown): Rendered {
  if (error instanceof Fault) {
    const internal = INTERNAL[error.code];
    if (internal) return { ...internal, unexpected: true };
    if (BETWEEN_SERVICES.has(error.code)) return { ...FAILURE, unexpected: true };
    const { code, status, message, extras, headers } = error;
    return {
      code,
      status,
      message,
      extras,
      headers,
      unexpected: status >= 500 && code !== 'NotImplemented' && code !== 'SlowDown',
    };
  }
  if (error instanceof SignatureError || error instanceof WireError) {
    const { code, status, message, extras } = error;
    return { code, status, message, extras, unexpected: false };
  }
  if (error instanceof BlobError && error.code !== 'BlobNotFound') {
    return {
      code: 'ServiceUnavailable',
      status: 503,
      message: 'Service is unable to handle request.',
      unexpected: true,
    };
  }
  if (error instanceof SealError || error instanceof PolicyError) return { ...FAILURE, unexpected: true };
  return { ...FAILURE, unexpected: true };
}
