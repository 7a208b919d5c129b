import { expectation, readRequest, type FuzzTarget } from '@coffer/fuzz';
import { claim } from './claim.ts';

/** Authorization headers, V4 and V2, with the request around them. */
const target: FuzzTarget = {
  name: 'authorization',
  corpus: new URL('corpus/authorization/', import.meta.url),
  most: 32 * 1024,
  parsers: ['libs/sigv4/src'],
  tokens: [
    'AWS4-HMAC-SHA256',
    'AWS ',
    'Credential=',
    'SignedHeaders=',
    'Signature=',
    '/aws4_request',
    ', ',
    ';',
    '=',
    'UNSIGNED-PAYLOAD',
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    '20261123T120000Z',
    'x-amz-date: ',
    'x-amz-security-token: ',
    'host: ',
  ],
  mustSee: ['verified v4-header', 'verified v2-header', 'anonymous', 'AuthorizationHeaderMalformed', 'AccessDenied'],
  run(input) {
    const { method, target, pairs } = readRequest(input);
    const outcome = claim({ method, target, headers: pairs });
    if (outcome === 'anonymous') {
      expectation(!pairs.some(([name]) => name.toLowerCase() === 'authorization'), 'an authorization is not ignored');
    }
    return outcome;
  },
};
export default target;
