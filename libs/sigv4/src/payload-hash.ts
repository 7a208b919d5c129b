import { invalidArgument, invalidRequest } from './errors.ts';

/** What a request says about its body. A `hash` is a promise: the caller must check the body against it. */
export type PayloadMode =
  { kind: 'hash'; sha256: string } | { kind: 'unsigned' } | { kind: 'streaming'; signed: boolean; trailer: boolean };

export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';

const STREAMING: ReadonlyMap<string, PayloadMode> = new Map([
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { kind: 'streaming', signed: true, trailer: false }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { kind: 'streaming', signed: true, trailer: true }],
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { kind: 'streaming', signed: false, trailer: true }],
]);

/** @throws 400 InvalidArgument for a value that is neither 64 hex digits nor one of the known words. */
export function readPayloadMode(contentSha256: string): PayloadMode {
  if (contentSha256 === UNSIGNED_PAYLOAD) return { kind: 'unsigned' };
  const streaming = STREAMING.get(contentSha256);
  if (streaming) return streaming;
  if (/^[0-9a-fA-F]{64}$/.test(contentSha256)) return { kind: 'hash', sha256: contentSha256.toLowerCase() };
  throw invalidArgument(
    `x-amz-content-sha256 must be ${[UNSIGNED_PAYLOAD, ...STREAMING.keys()].join(', ')}, or a valid sha256 value.`,
    'x-amz-content-sha256',
    contentSha256,
  );
}

/**
 * The mode of a request whose signature, if any, does not cover the body (anonymous, SigV2).
 * @throws 400 InvalidRequest for chunks that would have to be signed.
 */
export function readPlainPayloadMode(contentSha256: string | undefined): PayloadMode {
  if (contentSha256 === undefined) return { kind: 'unsigned' };
  const mode = readPayloadMode(contentSha256);
  if (mode.kind === 'streaming' && mode.signed) {
    throw invalidRequest(
      `Anonymous requests don't support this x-amz-content-sha256 value. Please use ${UNSIGNED_PAYLOAD} or STREAMING-UNSIGNED-PAYLOAD-TRAILER.`,
      'unsupported',
    );
  }
  return mode;
}

const STREAMING_OPERATIONS: ReadonlySet<string> = new Set(['PutObject', 'UploadPart']);

/** @throws 400 InvalidRequest when an operation other than PutObject and UploadPart comes with an aws-chunked body. */
export function checkStreamingOperation(payload: PayloadMode, operation: string): void {
  if (payload.kind === 'streaming' && !STREAMING_OPERATIONS.has(operation)) {
    throw invalidRequest(`A streaming x-amz-content-sha256 value is not supported for ${operation}.`, 'unsupported');
  }
}
