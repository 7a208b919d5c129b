import { readRequest, type FuzzTarget } from '@coffer/fuzz';
import { claim } from './claim.ts';

/** Presigned queries, V4 and V2. */
const target: FuzzTarget = {
  name: 'presigned',
  corpus: new URL('corpus/presigned/', import.meta.url),
  most: 32 * 1024,
  parsers: ['libs/sigv4/src'],
  tokens: [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    'X-Amz-Credential=',
    'X-Amz-Date=20261123T120000Z',
    'X-Amz-Expires=',
    'X-Amz-SignedHeaders=host',
    'X-Amz-Signature=',
    'X-Amz-Security-Token=',
    'AWSAccessKeyId=',
    'Signature=',
    'Expires=',
    'response-content-type=',
    'x-amz-acl=',
    'x-id=GetObject',
    '%2F',
    '%2Faws4_request',
    '+',
    '&',
    '&&',
    '=',
    '?',
    'http://s3.localhost',
  ],
  mustSee: ['verified v4-query', 'verified v2-query', 'SignatureDoesNotMatch', 'AuthorizationQueryParametersError'],
  run(input) {
    const { method, target, pairs } = readRequest(input);
    return claim({ method, target, headers: pairs });
  },
};
export default target;
