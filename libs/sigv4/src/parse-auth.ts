import { invalidArgument } from './errors.ts';
import { parseAuthorization } from './parse-authorization.ts';
import type { ParsedAuth, ParseOptions } from './parsed-auth.ts';
import { parseV4Header } from './parse-header.ts';
import { isPresignedV4, parsePresigned } from './parse-presigned.ts';
import { readPlainPayloadMode } from './payload-hash.ts';
import { headerText, indexHeaders, type SignedRequest, splitTarget } from './request.ts';
import { isPresignedV2, parseV2Header, parseV2Query } from './sigv2.ts';

/**
 * Reads who a request claims to be from and checks everything about the claim that needs no key: shape, scope, clock,
 * expiry, unsigned headers. The result is a claim only: fetch the key and verify.
 * @throws SignatureError
 */
export function parseAuth(request: SignedRequest, options: ParseOptions): ParsedAuth {
  const headers = indexHeaders(request.headers);
  const target = splitTarget(request.target);
  const authorization = headers.get('authorization')?.join(',').trim();
  const v4Query = isPresignedV4(target.parameters);
  const v2Query = isPresignedV2(target.parameters);
  if (Number(authorization !== undefined) + Number(v4Query) + Number(v2Query) > 1) {
    throw invalidArgument(
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
      'Authorization',
      undefined,
      'ambiguous',
    );
  }
  if (v4Query) return parsePresigned(target.parameters, headers, options);
  if (v2Query) return parseV2Query(request.method, target, headers, options);
  if (authorization === undefined) {
    return { kind: 'anonymous', payload: readPlainPayloadMode(headerText(headers, 'x-amz-content-sha256')) };
  }
  const parts = parseAuthorization(authorization);
  if (parts.scheme === 'v2') return parseV2Header(parts, request.method, target, headers, options);
  return parseV4Header(parts, headers, options);
}
