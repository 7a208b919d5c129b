import type { CredentialScope, ScopeExpectations } from './credential-scope.ts';
import type { PayloadMode } from './payload-hash.ts';

export interface ParseOptions extends ScopeExpectations {
  now: Date;
  /** Greatest difference of clocks, in milliseconds; 15 minutes unless told. */
  maxSkewMs?: number;
  /** SHA-256 (hex) of the body, for services other than S3, whose bodies are read whole before they are judged. */
  bodySha256?: string;
  /** Bucket named by the host, which SigV2 counts as part of the path. */
  virtualHostBucket?: string;
}

export const DEFAULT_MAX_SKEW_MS = 900_000;

interface Common {
  /** What the client says about the body; a `hash` must be checked against the body by the caller. */
  payload: PayloadMode;
}

export interface AnonymousAuth extends Common {
  kind: 'anonymous';
}

export interface SigV4Auth<Kind = 'v4-header' | 'v4-query'> extends Common {
  kind: Kind;
  accessKeyId: string;
  scope: CredentialScope;
  signedHeaders: string[];
  signature: string;
  /** When it was signed, also as it stands in the string to sign. */
  timestamp: Date;
  amzDate: string;
  /** Presigned only: seconds from `timestamp`. */
  expiresSeconds?: number;
  sessionToken?: string;
  /** Last line of the canonical request. */
  payloadHash: string;
  /**
   * Presigned only: `x-amz-*` parameters that stand for request headers, by lower-case name. Signers move headers
   * there, so the server has to obey them as if they were sent as headers.
   */
  queryHeaders: ReadonlyMap<string, string>;
}

/** SigV2 names no service: the caller accepts it for S3 alone. */
export interface SigV2Auth<Kind = 'v2-header' | 'v2-query'> extends Common {
  kind: Kind;
  accessKeyId: string;
  signature: string;
  stringToSign: string;
  expires?: Date;
  sessionToken?: string;
  /** As for {@link SigV4Auth}. */
  queryHeaders: ReadonlyMap<string, string>;
}

/** What a request claims. Nothing in it is proven before the signature is verified. */
export type ParsedAuth =
  AnonymousAuth | SigV4Auth<'v4-header'> | SigV4Auth<'v4-query'> | SigV2Auth<'v2-header'> | SigV2Auth<'v2-query'>;
