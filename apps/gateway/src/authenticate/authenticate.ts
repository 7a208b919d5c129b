import { isFault } from '@coffer/contracts';
import {
  indexHeaders,
  parseAuth,
  SignatureError,
  verifyV4,
  invalidAccessKeyId,
  type ParsedAuth,
  type SignedRequest,
  type SigningKey,
} from '@coffer/sigv4';
import type { Api } from '@coffer/aws-wire';
import { factsOf } from '@coffer/aws-wire';
import type { Incoming } from '../listen/incoming.ts';
import type { Identified, Principals } from './principals.ts';

export interface Authenticated {
  readonly who: Identified;
  readonly auth: ParsedAuth;
  /** Present for SigV4: verifies the chunks of a signed streaming body. */
  readonly signingKey?: SigningKey;
}

export interface AuthenticateOptions {
  readonly regions: readonly string[];
  readonly principals: Principals;
}

export interface AuthenticateRequest {
  readonly incoming: Incoming;
  readonly api: Api;
  /** The one region that may be signed for, where the caller knows it. */
  readonly expectedRegion?: string | undefined;
  /** Bucket named by the host, which SigV2 signs as part of the path. */
  readonly virtualHostBucket?: string | undefined;
  /** SHA-256 of the whole body in hex, for the APIs whose clients send no such header. */
  readonly bodySha256?: string | undefined;
}

/** Who sent this request: the holder of the key that signed it, or nobody in particular. */
export async function authenticate(request: AuthenticateRequest, options: AuthenticateOptions): Promise<Authenticated> {
  const { incoming } = request;
  const signed: SignedRequest = {
    method: incoming.method,
    target: incoming.target,
    headers: indexHeaders(incoming.headers),
  };
  const auth = parseAuth(signed, {
    now: new Date(incoming.time),
    regions: regionsOf(request.api, options.regions),
    expectedRegion: request.expectedRegion,
    services: [factsOf(request.api).signingName],
    ...(request.bodySha256 ? { bodySha256: request.bodySha256 } : {}),
    ...(request.virtualHostBucket ? { virtualHostBucket: request.virtualHostBucket } : {}),
  });
  // SigV2 covers neither a body nor the name of a service: only S3 ever took it.
  if (auth.kind.startsWith('v2') && factsOf(request.api).signingName !== 's3') {
    throw new SignatureError({
      code: 'IncompleteSignature',
      status: 400,
      message: 'Authorization header requires a Signature Version 4 credential.',
      reason: 'unknown-scheme',
    });
  }
  if (auth.kind === 'anonymous') return { who: options.principals.anonymous(), auth };
  try {
    if (auth.kind === 'v2-header' || auth.kind === 'v2-query') {
      return { who: await options.principals.bySigV2(auth), auth };
    }
    const found = await options.principals.byAccessKey({
      accessKeyId: auth.accessKeyId,
      ...auth.scope,
      sessionToken: auth.sessionToken,
    });
    verifyV4(signed, auth, found.signingKey);
    return { who: found, auth, signingKey: found.signingKey };
  } catch (error) {
    if (isFault(error, 'InvalidAccessKeyId')) throw invalidAccessKeyId(auth.accessKeyId);
    throw error;
  }
}

/** The endpoints of IAM and STS are global at AWS: clients sign for us-east-1 there, whatever region they are set to. */
function regionsOf(api: Api, regions: readonly string[]): readonly string[] {
  return api === 'iam' || api === 'sts' ? [...regions, 'us-east-1'] : regions;
}
