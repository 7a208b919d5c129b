import { canonicalRequest, canonicalUris } from './canonical-request.ts';
import { scopeString } from './credential-scope.ts';
import { signatureDoesNotMatch } from './errors.ts';
import type { SigV4Auth } from './parsed-auth.ts';
import { inHeaderAndQuery } from './query-headers.ts';
import { indexHeaders, type SignedRequest, splitTarget } from './request.ts';
import { ALGORITHM, equalSignatures, sha256Hex, sign, spacedHex, type SigningKey } from './signing-key.ts';

interface Candidate {
  canonical: string;
  stringToSign: string;
}

/**
 * Checks the signature of a request with the key derived for its scope, in constant time.
 * @throws 403 SignatureDoesNotMatch with what was signed here
 */
export function verifyV4(request: SignedRequest, parsed: SigV4Auth, signingKey: SigningKey): void {
  const headers = indexHeaders(request.headers);
  const { path, parameters } = splitTarget(request.target);
  const { signedHeaders, payloadHash } = parsed;
  const parts = { method: request.method, parameters, headers, signedHeaders, payloadHash };
  const candidates = canonicalUris(path, parsed.scope.service).map((uri) => {
    const canonical = canonicalRequest({ ...parts, uri });
    const hash = sha256Hex(canonical, 'latin1');
    const stringToSign = [ALGORITHM, parsed.amzDate, scopeString(parsed.scope), hash].join('\n');
    return { canonical, stringToSign };
  }) as [Candidate, ...Candidate[]];
  const matches = candidates.some(({ stringToSign }) =>
    equalSignatures(sign(signingKey, stringToSign), parsed.signature),
  );
  const twice = parsed.kind === 'v4-query' && inHeaderAndQuery(headers, parameters);
  if (matches && !twice) return;

  const [{ canonical, stringToSign }] = candidates;
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
