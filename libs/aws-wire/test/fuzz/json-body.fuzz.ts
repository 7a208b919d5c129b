import { expectation, type FuzzTarget } from '@coffer/fuzz';
import * as fc from 'fast-check';
import { factsOf, operationsOf, type Api } from '../../src/api.ts';
import { codecFor } from '../../src/codec.ts';
import { refusal, unspoiled } from './reading.ts';

const JSON_APIS: readonly Api[] = ['kms', 'cloudtrail', 'glacier'];
const OPERATIONS: ReadonlyMap<string, { api: Api; name: string }> = new Map(
  JSON_APIS.flatMap((api) =>
    operationsOf(api)
      .filter((name) => codecFor(api, name).inputBody === 'whole')
      .map((name) => [`${api} ${name}`, { api, name }] as const),
  ),
);

const labels = new Map([
  ['accountId', '-'],
  ['vaultName', 'v'],
  ['uploadId', 'u'],
  ['jobId', 'j'],
  ['lockId', 'l'],
]);

const structured = fc
  .tuple(fc.constantFrom(...OPERATIONS.keys()), fc.json({ maxDepth: 5, noUnicodeString: false }))
  .map(([operation, json]) => Buffer.from(`${operation}\n${json}`));

/** Bodies of the JSON APIs; the first line names API and operation. */
const target: FuzzTarget = {
  name: 'json-body',
  corpus: new URL('corpus/json-body/', import.meta.url),
  parsers: ['libs/aws-wire/src/json/read.ts', 'libs/aws-wire/src/protocols/json-rpc.ts', 'libs/aws-wire/src/scalar.ts'],
  tokens: [
    ...OPERATIONS.keys(),
    '{"',
    '":',
    '":"',
    '","',
    '{"KeyId":"k"',
    '"Plaintext":"AA=="',
    '[{',
    '}]',
    '[',
    ']',
    '{',
    '}',
    '\\"',
    '\\u',
    '\\ud83d',
    '1e400',
    '-0',
    '"__proto__":{"admin":true}',
    '1700000000.5',
    '{"Tags":[{"TagKey":"a"}]}',
  ],
  structured,
  mustSee: ['read', 'SerializationException', 'ValidationException'],
  run(input) {
    const end = input.indexOf(0x0a);
    const named = OPERATIONS.get(input.subarray(0, Math.max(0, end)).toString('latin1'));
    const { api, name } = named ?? { api: 'kms' as const, name: 'Encrypt' };
    const body = input.subarray(end + 1);
    const route = { api, operation: name, query: new Map<string, string>(), pairs: [], labels, virtualHost: false };
    try {
      unspoiled(codecFor(api, name).readInput(route, {}, body));
    } catch (error) {
      return refusal(error);
    }
    if (factsOf(api).protocol === 'json-1.1' && body.length > 0) {
      expectation(typeof JSON.parse(body.toString('utf8')) === 'object', 'only JSON is read');
    }
    return 'read';
  },
};
export default target;
