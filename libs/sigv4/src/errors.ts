/**
 * Why a request was refused, independent of the protocol. The code of a {@link SignatureError} is S3's; the other
 * protocols name the same refusals differently (IncompleteSignature, MissingAuthenticationToken, …), and the gateway
 * maps by this field.
 */
export type SignatureErrorReason =
  | 'missing' // something that the scheme needs is absent
  | 'malformed' // present, but not of the right shape, or for another region or service
  | 'unknown-scheme' // an authorization type that is not served
  | 'ambiguous' // more than one way of authentication in one request
  | 'skew' // the clocks differ too much
  | 'not-yet-valid'
  | 'expired'
  | 'unsigned-headers'
  | 'signature-mismatch'
  | 'unknown-key'
  | 'session-token'
  | 'payload' // the body is not what its headers promise
  | 'unsupported'; // valid at AWS for other requests, not for this one

export interface SignatureErrorFields {
  code: string;
  status: number;
  message: string;
  reason: SignatureErrorReason;
  extras?: Readonly<Record<string, string>>;
}

/**
 * A refusal in the words of AWS. `extras` are the additional elements of the error document, in order. They may repeat
 * what the client sent (StringToSign, CanonicalRequest: header values included), so they go back to that client and
 * into no log.
 */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  readonly code: string;
  readonly status: number;
  readonly reason: SignatureErrorReason;
  readonly extras: Readonly<Record<string, string>>;

  constructor(fields: SignatureErrorFields) {
    super(fields.message);
    this.code = fields.code;
    this.status = fields.status;
    this.reason = fields.reason;
    this.extras = fields.extras ?? {};
  }
}

/** 400 InvalidArgument. The value is repeated only where it cannot be a credential of another scheme. */
export function invalidArgument(
  message: string,
  argumentName: string,
  argumentValue?: string,
  reason: SignatureErrorReason = 'malformed',
): SignatureError {
  return new SignatureError({
    code: 'InvalidArgument',
    status: 400,
    message,
    reason,
    extras: {
      ArgumentName: argumentName,
      ...(argumentValue === undefined ? {} : { ArgumentValue: argumentValue }),
    },
  });
}

export function accessDenied(
  message: string,
  reason: SignatureErrorReason,
  extras: Readonly<Record<string, string>> = {},
): SignatureError {
  return new SignatureError({ code: 'AccessDenied', status: 403, message, reason, extras });
}

export function invalidRequest(message: string, reason: SignatureErrorReason): SignatureError {
  return new SignatureError({ code: 'InvalidRequest', status: 400, message, reason });
}

/** 400 AuthorizationHeaderMalformed; `detail` follows AWS's fixed beginning. */
export function authorizationHeaderMalformed(
  detail: string,
  reason: SignatureErrorReason = 'malformed',
  extras: Readonly<Record<string, string>> = {},
): SignatureError {
  return new SignatureError({
    code: 'AuthorizationHeaderMalformed',
    status: 400,
    message: `The authorization header is malformed; ${detail}`,
    reason,
    extras,
  });
}

export function authorizationQueryParametersError(
  message: string,
  reason: SignatureErrorReason = 'malformed',
  extras: Readonly<Record<string, string>> = {},
): SignatureError {
  return new SignatureError({ code: 'AuthorizationQueryParametersError', status: 400, message, reason, extras });
}

/** 403 InvalidAccessKeyId: raised by the caller when no key has this id. */
export function invalidAccessKeyId(accessKeyId: string): SignatureError {
  return new SignatureError({
    code: 'InvalidAccessKeyId',
    status: 403,
    message: 'The AWS Access Key Id you provided does not exist in our records.',
    reason: 'unknown-key',
    extras: { AWSAccessKeyId: accessKeyId },
  });
}

/** 400 InvalidToken: raised by the caller for a session token that does not belong to the key. */
export function invalidToken(): SignatureError {
  return new SignatureError({
    code: 'InvalidToken',
    status: 400,
    message: 'The provided token is malformed or otherwise invalid.',
    reason: 'session-token',
  });
}

/** 400 ExpiredToken: raised by the caller, also for a presigned URL that would itself still be valid. */
export function expiredToken(): SignatureError {
  return new SignatureError({
    code: 'ExpiredToken',
    status: 400,
    message: 'The provided token has expired.',
    reason: 'session-token',
  });
}

/** 400 XAmzContentSHA256Mismatch: raised by the caller once the body was hashed (both values hex). */
export function contentSha256Mismatch(clientComputed: string, serverComputed: string): SignatureError {
  return new SignatureError({
    code: 'XAmzContentSHA256Mismatch',
    status: 400,
    message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
    reason: 'payload',
    extras: { ClientComputedContentSHA256: clientComputed, S3ComputedContentSHA256: serverComputed },
  });
}

/** 411 MissingContentLength: neither Content-Length nor, for streaming bodies, x-amz-decoded-content-length. */
export function missingContentLength(): SignatureError {
  return new SignatureError({
    code: 'MissingContentLength',
    status: 411,
    message: 'You must provide the Content-Length HTTP header.',
    reason: 'payload',
  });
}

/** 400 IncompleteBody: the body is shorter or longer than promised, or its chunk framing is broken. */
export function incompleteBody(
  message = 'You did not provide the number of bytes specified by the Content-Length HTTP header',
): SignatureError {
  return new SignatureError({ code: 'IncompleteBody', status: 400, message, reason: 'payload' });
}

export function invalidChunkSize(chunk: number, size: number): SignatureError {
  return new SignatureError({
    code: 'InvalidChunkSizeError',
    status: 400,
    message: 'Only the last chunk is allowed to have a size less than 8192 bytes',
    reason: 'payload',
    extras: { Chunk: String(chunk), BadChunkSize: String(size) },
  });
}

export function malformedTrailer(): SignatureError {
  return new SignatureError({
    code: 'MalformedTrailerError',
    status: 400,
    message: 'The request contained trailing data that was not well-formed or did not conform to our published schema.',
    reason: 'payload',
  });
}

/** 403 SignatureDoesNotMatch with whatever helps the client to find the difference. */
export function signatureDoesNotMatch(extras: Readonly<Record<string, string>>): SignatureError {
  return new SignatureError({
    code: 'SignatureDoesNotMatch',
    status: 403,
    message:
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    reason: 'signature-mismatch',
    extras,
  });
}
