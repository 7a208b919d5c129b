import { canonicalRequest } from './canonical-request.ts';
import { scopeString } from './credential-scope.ts';
import { signatureDoesNotMatch } from './errors.ts';
import type { SigV4Auth } from './parsed-auth.ts';
import { inHeaderAndQuery } from './query-headers.ts';
import { indexHeaders, type SignedRequest, splitTarget } from './request.ts';
import { ALGORITHM, equalSignatures, sha256Hex, sign, spacedHex } from './signing-key.ts';

/**
 * Checks the signature of a request with the key derived for its scope, in constant time.
 * @throws 403 SignatureDoesNotMatch with what was signed here
 */
export function verifyV4(request: SignedRequest, parsed: SigV4Auth, signingKey: Buffer): void {
  const headers = indexHeaders(request.headers);
  const { path, parameters } = splitTarget(request.target);
  const canonical = canonicalRequest({
    method: request.method,
    path,
    parameters,
    headers,
    signedHeaders: parsed.signedHeaders,
    payloadHash: parsed.payloadHash,
    service: parsed.scope.service,
  });
  const stringToSign = [ALGORITHM, parsed.amzDate, scopeString(parsed.scope), sha256Hex(canonical, 'latin1')].join('\n');
  const matches = equalSignatures(sign(signingKey, stringToSign), parsed.signature);
  const twice = parsed.kind === 'v4-query' && inHeaderAndQuery(headers, parameters);
  if (matches && !twice) return;

  const canonicalBytes = Buffer.from(canonical, 'latin1');
  throw signatureDoesNotMatch({
    AWSAccessKeyId: parsed.accessKeyId,
    StringToSign: stringToSign,
    SignatureProvided: parsed.signature,
    StringToSignBytes: spacedHex(Buffer.from(stringToSign, 'utf8')),
    CanonicalRequest: canonicalBytes.toString('utf8'),
    CanonicalRequestBytes: spacedHex(canonicalBytes),
  });
}
