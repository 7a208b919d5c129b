import { expectation, type FuzzTarget } from '@coffer/fuzz';
import * as fc from 'fast-check';
import { PolicyError } from '../../src/errors.ts';
import { evaluate } from '../../src/evaluation/evaluate.ts';
import { isPublic } from '../../src/evaluation/public.ts';
import { contextKeysOf, principalsOf } from '../../src/language/inspect.ts';
import { parsePolicy } from '../../src/language/parse.ts';
import { MAX_POLICY_SIZE } from '../../src/limits.ts';
import { BUCKET, anonymous, request, root, session, user } from '../../src/testkit/make.ts';
import type { CompiledPolicy, PolicyKind } from '../../src/types.ts';

const KINDS = Object.keys(MAX_POLICY_SIZE) as PolicyKind[];

const context = new Map<string, string | readonly string[]>([
  ['aws:sourceip', '192.0.2.7'],
  ['aws:currenttime', '2026-11-23T12:00:00Z'],
  ['aws:securetransport', 'true'],
  ['s3:prefix', 'a/'],
  ['aws:username', 'ann'],
  ['aws:x', ['a', 'b']],
  ['aws:n', '5'],
]);
const asked = [user(), root(), session(), anonymous].flatMap((principal) => [
  request(principal, { context }),
  request(principal, { context, action: 's3:ListBucket', resource: BUCKET }),
]);

/** All questions about all principals are answered, the same way each time. */
function decide(policy: CompiledPolicy): void {
  for (const question of asked) {
    for (const set of [
      { identity: [policy] },
      { identity: [], resource: policy },
      { identity: [], boundary: policy },
    ]) {
      const decision = evaluate(question, set);
      expectation(decision.allowed === (decision.message === ''), 'a message goes with every refusal');
      expectation(!(decision.allowed && decision.explicitDeny), 'what is denied is not allowed');
      expectation(evaluate(question, set).allowed === decision.allowed, 'the same question has the same answer');
    }
  }
}

const text = fc.oneof(
  fc.constantFrom(
    's3:GetObject',
    's3:*',
    '*',
    `${BUCKET}/*`,
    BUCKET,
    '${aws:username}',
    '${aws:x, "d"}',
    '192.0.2.0/24',
  ),
  fc.constantFrom('true', '5', '2026-01-01T00:00:00Z', 'arn:aws:iam::111122223333:root', '111122223333', 'AIDA1'),
  fc.string({ maxLength: 12 }),
);
const some = fc.oneof(text, fc.array(text, { maxLength: 4 }));
const name = fc.constantFrom(
  'StringEquals',
  'StringLike',
  'StringNotEqualsIgnoreCase',
  'NumericLessThan',
  'DateGreaterThan',
  'Bool',
  'IpAddress',
  'NotIpAddress',
  'ArnLike',
  'BinaryEquals',
  'Null',
  'ForAllValues:StringLike',
  'ForAnyValue:StringEquals',
  'Other',
);
const key = fc.constantFrom(
  'aws:SourceIp',
  'aws:CurrentTime',
  'aws:x',
  'aws:n',
  's3:prefix',
  'aws:PrincipalTag/Team',
  '',
);
const statement = fc.record(
  {
    Sid: fc.string({ maxLength: 8 }),
    Effect: fc.constantFrom('Allow', 'Deny', 'allow'),
    Principal: fc.oneof(fc.constant('*'), fc.dictionary(fc.constantFrom('AWS', 'Service', 'CanonicalUser'), some)),
    NotPrincipal: fc.dictionary(fc.constantFrom('AWS', 'Federated'), some),
    Action: some,
    NotAction: some,
    Resource: some,
    NotResource: some,
    Condition: fc.dictionary(name, fc.dictionary(key, fc.oneof(some, fc.integer(), fc.boolean()), { maxKeys: 2 }), {
      maxKeys: 3,
    }),
  },
  { requiredKeys: ['Effect'] },
);
const structured = fc
  .tuple(fc.constantFrom(...KINDS), fc.array(statement, { maxLength: 3 }))
  .map(([kind, Statement]) => Buffer.from(`${kind}\n${JSON.stringify({ Version: '2012-10-17', Statement })}`));

/** Policies of every kind (the first line): refused in AWS's words, or read, written, and evaluated. */
const target: FuzzTarget = {
  name: 'policy',
  corpus: new URL('corpus/policy/', import.meta.url),
  most: 140 * 1024,
  parsers: ['libs/iam-policy/src'],
  tokens: [
    ...KINDS,
    '"Statement":',
    '"Effect":"Allow"',
    '"Principal":"*"',
    '"Action":"s3:*"',
    '"Resource":"*"',
    '"Condition":{',
    '"StringLike":{"aws:x":"',
    '${aws:username}',
    '${',
    '*?*?*?',
    '[[[[[[',
    '{"a":',
    ',',
    '\\u0000',
    '\\ud800',
    '::',
    '/129',
  ],
  structured,
  mustSee: ['read', 'MalformedPolicy', 'MalformedPolicyDocument', 'LimitExceeded'],
  run(input) {
    const end = input.indexOf(0x0a);
    const named = input.subarray(0, Math.max(0, end)).toString('latin1') as PolicyKind;
    const kind = KINDS.includes(named) ? named : 's3-bucket';
    const body = input.subarray(end + 1).toString('utf8');
    const options = kind === 's3-bucket' ? { bucketArn: BUCKET } : {};
    let policy: CompiledPolicy;
    try {
      policy = parsePolicy(body, kind, options);
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      return error.code;
    }
    expectation(typeof JSON.parse(body) === 'object', 'only JSON is read');
    expectation(parsePolicy(policy.text, kind, options).text === policy.text, 'the normal form reads as itself');
    decide(policy);
    isPublic(policy);
    contextKeysOf(policy);
    principalsOf(policy);
    return 'read';
  },
};
export default target;
