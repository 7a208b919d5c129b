import type { Api } from './api.ts';

/** Status and default message of the errors that the wire itself raises, before any operation runs. */
const KNOWN = {
  EntityTooLarge: [400, 'Your proposed upload exceeds the maximum allowed size'],
  InternalError: [500, 'We encountered an internal error. Please try again.'],
  InvalidAction: [400, 'Could not find the requested operation.'],
  InvalidArgument: [400, 'Invalid Argument'],
  InvalidRequest: [400, 'Invalid Request'],
  InvalidURI: [400, "Couldn't parse the specified URI."],
  KeyTooLongError: [400, 'Your key is too long'],
  MalformedQueryString: [400, 'The query string contains a syntax error.'],
  MalformedXML: [400, 'The XML you provided was not well-formed or did not validate against our published schema'],
  MaxMessageLengthExceeded: [400, 'Your request was too big.'],
  MetadataTooLarge: [400, 'Your metadata headers exceed the maximum allowed metadata size'],
  MethodNotAllowed: [405, 'The specified method is not allowed against this resource.'],
  MissingRequestBodyError: [400, 'Request Body is empty'],
  PreconditionFailed: [412, 'At least one of the pre-conditions you specified did not hold'],
  RequestHeaderSectionTooLarge: [400, 'Your request header section exceeds the maximum allowed size'],
  SerializationException: [400, 'The request body could not be read.'],
  UnknownOperationException: [400, 'The requested operation is not known.'],
  ValidationError: [400, 'The request does not satisfy the constraints of the operation.'],
  ValidationException: [400, 'The request does not satisfy the constraints of the operation.'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type WireErrorCode = keyof typeof KNOWN;

export interface WireErrorOptions {
  message?: string;
  /** Further elements of the error body, such as `ArgumentName`; values are shown to the client. */
  extras?: Record<string, string>;
  /** The API whose error format answers; S3 when the request did not say. */
  api?: Api;
}

/** A request that the wire refuses. `code` and `status` are AWS's; the message is safe to show. */
export class WireError extends Error {
  readonly code: WireErrorCode;
  readonly status: number;
  readonly extras: Record<string, string>;
  readonly api: Api;

  constructor(code: WireErrorCode, options: WireErrorOptions = {}) {
    const [status, message] = KNOWN[code];
    super(options.message ?? message);
    this.name = 'WireError';
    this.code = code;
    this.status = status;
    this.extras = options.extras ?? {};
    this.api = options.api ?? 's3';
  }
}

/** 400 InvalidArgument with the `ArgumentName` and `ArgumentValue` that S3 clients read. */
export function invalidArgument(message: string, name: string, value: string, api?: Api): WireError {
  return new WireError('InvalidArgument', {
    message,
    extras: { ArgumentName: name, ArgumentValue: value },
    ...(api ? { api } : {}),
  });
}
