export * from './aws-chunked.ts';
export type { ChunkSigning } from './chunk-signature.ts';
export { type CredentialScope, scopeString } from './credential-scope.ts';
export {
  contentSha256Mismatch,
  expiredToken,
  incompleteBody,
  invalidAccessKeyId,
  invalidToken,
  missingContentLength,
  SignatureError,
  type SignatureErrorFields,
  type SignatureErrorReason,
} from './errors.ts';
export { parseAuth } from './parse-auth.ts';
export type { AnonymousAuth, ParsedAuth, ParseOptions, SigV2Auth, SigV4Auth } from './parsed-auth.ts';
export { MAX_EXPIRES_SECONDS } from './parse-presigned.ts';
export { checkStreamingOperation, type PayloadMode, readPayloadMode } from './payload-hash.ts';
export { indexHeaders, type RequestHeaders, type SignedRequest } from './request.ts';
export { deriveSigningKey, type SigningKey } from './signing-key.ts';
export { signatureDoesNotMatchV2, verifyV2 } from './sigv2.ts';
export { checkStreamingHeaders, type StreamingHeaders } from './trailer.ts';
export { verifyV4 } from './verify.ts';
