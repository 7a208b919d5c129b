import { expectation, readRequest, type FuzzTarget } from '@coffer/fuzz';
import * as fc from 'fast-check';
import { codecFor } from '../../src/codec.ts';
import { limits } from '../../src/limits.ts';
import { resolveQuery } from '../../src/routing/query-action.ts';
import { route } from '../../src/routing/route.ts';
import { refusal, unspoiled } from './reading.ts';

const SERVICES = [undefined, 's3', 'iam', 'sts', 'kms', 'glacier', 'cloudtrail', 'other'] as const;

const segment = fc.oneof(
  fc.constantFrom('b', 'k', '..', '', '%2F', 'a+b', '%C3%A9', '%zz'),
  fc.string({ maxLength: 6 }),
);
const parameter = fc.oneof(
  fc.constantFrom('acl', 'uploads', 'uploadId=u', 'partNumber=1', 'list-type=2', 'versions', 'tagging', 'policy'),
  fc.constantFrom('delete', 'max-keys=9', 'versionId=null', 'cors', 'encoding-type=url', 'Action=ListUsers', 'x=%zz'),
);
const structured = fc
  .record({
    method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'),
    path: fc.array(segment, { maxLength: 4 }),
    query: fc.array(parameter, { maxLength: 3 }),
    host: fc.constantFrom('s3.localhost', 'b.s3.localhost', 'a.b.s3.localhost:80', '', '[::1]'),
  })
  .map(({ method, path, query, host }) =>
    Buffer.from(
      `${method} /${path.join('/')}${query.length > 0 ? '?' : ''}${query.join('&')}\nhost: ${host}\n\n`,
      'latin1',
    ),
  );

/** Requests of any API, from the request line to the input of the operation. The header `fuzz-service` is the scope's. */
const target: FuzzTarget = {
  name: 'route',
  corpus: new URL('corpus/route/', import.meta.url),
  most: 64 * 1024,
  parsers: ['libs/aws-wire/src/routing', 'libs/aws-wire/src/rest', 'libs/aws-wire/src/percent.ts'],
  tokens: [
    'GET ',
    'PUT ',
    'POST ',
    'DELETE ',
    'HEAD ',
    'OPTIONS ',
    '?acl',
    '?uploads',
    '&uploadId=u',
    '&partNumber=',
    '?list-type=2',
    '?versions',
    '?policy',
    '?delete',
    '?cors',
    '&max-keys=',
    '?versionId=',
    '&prefix=',
    '&delimiter=',
    '&encoding-type=url',
    '&marker=',
    '//',
    '/../',
    '?&&=',
    'host: b.s3.localhost\n',
    'x-amz-copy-source: ',
    'x-amz-meta-',
    'x-amz-target: TrentService.Encrypt\n',
    'content-type: application/x-www-form-urlencoded\n',
    'x-amz-account-id: 1\n',
    'fuzz-service: iam\n',
    'if-modified-since: ',
    'range: bytes=',
    'x-amz-tagging: ',
    'Action=',
    '&Version=2010-05-08',
    '.member.1.',
  ],
  structured,
  mustSee: [
    'PutObject',
    'GetObject',
    'ListObjectsV2',
    'Preflight',
    'InvalidURI',
    'InvalidArgument',
    'MethodNotAllowed',
  ],
  run(input) {
    const { method, target, headers, body } = readRequest(input);
    const service = SERVICES.find((name) => name === headers['fuzz-service']);
    try {
      const options = { hosts: ['s3.localhost'], ...(service === undefined ? {} : { credentialService: service }) };
      const found = route({ method, target, headers }, options);
      if (found.isPreflight) return 'Preflight';
      const complete = resolveQuery(found, body, service !== undefined);
      const codec = codecFor(complete.api, complete.operation);
      const whole = codec.inputBody === 'whole' ? body.subarray(0, codec.maxBody) : undefined;
      const read = codec.readInput(complete, headers, whole);
      unspoiled(read);
      if (complete.api === 's3' && typeof read['Key'] === 'string') {
        expectation(Buffer.byteLength(read['Key']) <= limits.key, 'a key is not longer than AWS allows');
      }
      return complete.operation;
    } catch (error) {
      return refusal(error);
    }
  },
};
export default target;
