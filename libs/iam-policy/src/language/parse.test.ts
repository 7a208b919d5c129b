import { describe, expect, it } from 'vitest';
import { PolicyError } from '../errors.ts';
import { BUCKET, OWNER } from '../testkit/make.ts';
import type { PolicyKind } from '../types.ts';
import { parsePolicy } from './parse.ts';
import type { ParseOptions } from './parse.ts';

function errorOf(text: string, kind: PolicyKind, options: ParseOptions = {}): PolicyError {
  try {
    parsePolicy(text, kind, options);
  } catch (error) {
    if (error instanceof PolicyError) return error;
    throw error;
  }
  throw new Error('the policy was accepted');
}

const statement = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: `${BUCKET}/*` };
const without = (name: keyof typeof statement, more: object = {}): object => {
  const copy: Partial<typeof statement> = { ...statement };
  delete copy[name];
  return { ...copy, ...more };
};
const doc = (...statements: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const s3 = (more: object): string => doc({ ...statement, ...more });

describe('bucket policies', () => {
  it.each<[string, string, string]>([
    ['empty', '', "Policies must be valid JSON and the first byte must be '{'"],
    ['leading space', ` ${doc(statement)}`, "Policies must be valid JSON and the first byte must be '{'"],
    ['a list', '[]', "Policies must be valid JSON and the first byte must be '{'"],
    ['broken', '{"Version":', 'This policy contains invalid Json'],
    ['a key twice', '{"Version":"2012-10-17","Version":"2012-10-17"}', 'This policy contains invalid Json'],
    ['an escaped key twice', '{"Id":"a","\\u0049d":"b"}', 'This policy contains invalid Json'],
    ['deep', `{"Id":${'['.repeat(50)}${']'.repeat(50)}}`, 'This policy contains invalid Json'],
    ['no statement', '{}', 'Missing required field Statement'],
    ['no statements', '{"Statement":[]}', 'Could not parse the policy: Statement is empty!'],
    ['version', '{"Version":"2020-01-01","Statement":[]}', 'The policy must contain a valid version string'],
    ['unknown field', '{"Statements":[]}', 'Unknown field Statements'],
    ['unknown statement field', s3({ Actions: 'x' }), 'Unknown field Actions'],
    ['__proto__', '{"Statement":[{"__proto__":{"Effect":"Allow"}}]}', 'Unknown field __proto__'],
    ['effect', s3({ Effect: 'hello' }), 'Invalid effect: hello'],
    ['no effect', doc(without('Effect')), 'Missing required field Effect'],
    ['no principal', doc(without('Principal')), 'Missing required field Principal'],
    ['principal text', s3({ Principal: 'ann' }), 'Invalid principal in policy'],
    ['principal name', s3({ Principal: { AWS: 'ann' } }), 'Invalid principal in policy'],
    ['principal wildcard', s3({ Principal: { AWS: `arn:aws:iam::${OWNER}:user/*` } }), 'Invalid principal in policy'],
    ['unique id', s3({ Principal: { AWS: 'AIDAANN00000000' } }), 'Invalid principal in policy'],
    ['principal type', s3({ Principal: { Group: '*' } }), 'Invalid principal in policy'],
    ['no principals', s3({ Principal: { AWS: [] } }), 'Invalid principal in policy'],
    ['no action', doc(without('Action')), 'Missing required field Action'],
    ['action vendor', s3({ Action: 'iam:GetUser' }), 'Policy has invalid action'],
    ['action unknown', s3({ Action: 's3:GetObjekt' }), 'Policy has invalid action'],
    ['action pattern', s3({ Action: 's3:Gett*' }), 'Policy has invalid action'],
    ['account action', s3({ Action: 's3:ListAllMyBuckets' }), 'Policy has invalid action'],
    ['action number', s3({ Action: 7 }), 'Policy has invalid action'],
    ['no resource', doc(without('Resource')), 'Missing required field Resource'],
    ['resource', s3({ Resource: 'docs/*' }), 'Policy has invalid resource'],
    ['other bucket', s3({ Resource: 'arn:aws:s3:::docs2/*' }), 'Policy has invalid resource'],
    ['object action on bucket', s3({ Resource: BUCKET }), 'Action does not apply to any resource(s) in statement'],
    [
      'bucket action on object',
      s3({ Action: ['s3:GetObject', 's3:ListBucket'] }),
      'Action does not apply to any resource(s) in statement',
    ],
    ['operator', s3({ Condition: { StringEqual: { 'aws:x': '1' } } }), 'Invalid Condition type : StringEqual'],
    ['key', s3({ Condition: { StringEquals: { 's3:nope': '1' } } }), 'Policy has an invalid condition key'],
    ['key without vendor', s3({ Condition: { StringEquals: { prefix: '1' } } }), 'Policy has an invalid condition key'],
    [
      'key of another action',
      s3({ Condition: { StringEquals: { 's3:prefix': '1' } } }),
      'Conditions do not apply to combination of actions and resources in statement',
    ],
    [
      'address',
      s3({ Condition: { IpAddress: { 'aws:SourceIp': '10.207.*.*' } } }),
      'Invalid value for IpAddress of condition key aws:SourceIp',
    ],
    ['Null', s3({ Condition: { Null: { 'aws:x': 'maybe' } } }), 'Invalid value for Null of condition key aws:x'],
    [
      'date',
      s3({ Condition: { DateLessThan: { 'aws:CurrentTime': '2026-02-31' } } }),
      'Invalid value for DateLessThan of condition key aws:CurrentTime',
    ],
    ['both', s3({ NotAction: 's3:GetObject' }), 'Invalid policy syntax.'],
    [
      'same sid',
      doc({ ...statement, Sid: 'a' }, { ...statement, Sid: 'a' }),
      'Statement IDs (SID) in a single policy must be unique.',
    ],
  ])('%s', (_name, text, message) => {
    const error = errorOf(text, 's3-bucket', { bucketArn: BUCKET });
    expect(error.message).toBe(message);
    expect(error.code).toBe('MalformedPolicy');
  });

  it('measures the normalised document', () => {
    const keys = (count: number): string =>
      s3({ Resource: Array.from({ length: count }, (_, i) => `${BUCKET}/${String(i).padStart(180, 'k')}`) });
    const padded = doc(statement).replace('{', `{${' '.repeat(60_000)}`);
    expect(parsePolicy(padded, 's3-bucket', { bucketArn: BUCKET }).statements).toHaveLength(1);
    expect(parsePolicy(keys(90), 's3-bucket').statements).toHaveLength(1);
    expect(errorOf(keys(120), 's3-bucket').message).toBe(
      'Normalized policy document exceeds the maximum allowed size of 20480 bytes',
    );
    expect(errorOf(`{${' '.repeat(200_000)}}`, 's3-bucket').message).toContain('20480 bytes');
  });

  it.each<[string, object]>([
    ['every action', { Action: 's3:*' }],
    ['star', { Action: '*', Resource: [BUCKET, `${BUCKET}/*`] }],
    ['any case', { Action: 'S3:getobject' }],
    ['wide resource', { Resource: 'arn:aws:s3:::d*' }],
    ['variable', { Resource: `${BUCKET}/\${aws:username}/*` }],
    ['bucket in a variable', { Resource: 'arn:aws:s3:::${aws:username}/*' }],
    [
      'not resource',
      { Effect: 'Deny', NotAction: 's3:GetObject', NotResource: `${BUCKET}/a`, Action: undefined, Resource: undefined },
    ],
    [
      'prefix for one of several',
      {
        Action: ['s3:ListBucket', 's3:GetObject'],
        Resource: [BUCKET, `${BUCKET}/*`],
        Condition: { StringLike: { 's3:prefix': 'a/*' } },
      },
    ],
    ['tags', { Condition: { StringEquals: { 's3:ExistingObjectTag/k': 'v' } } }],
    ['canonical user', { Principal: { CanonicalUser: 'a'.repeat(64) } }],
    ['service', { Principal: { Service: 'logging.s3.amazonaws.com' } }],
  ])('accepts %s', (_name, more) => {
    expect(parsePolicy(s3(more), 's3-bucket', { bucketArn: BUCKET }).statements).toHaveLength(1);
  });

  it('brings a document into normal form', () => {
    const text = `{"Statement":{"Resource":["${BUCKET}/*"],"Action":["s3:GetObject"],"Condition":{"Bool":{"aws:SecureTransport":true}},"Principal":{"AWS":["${OWNER}"]},"Effect":"Allow","Sid":"x"}}`;
    const policy = parsePolicy(text, 's3-bucket');
    expect(policy.text).toBe(
      `{"Statement":[{"Sid":"x","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::${OWNER}:root"},"Action":"s3:GetObject","Resource":"${BUCKET}/*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}]}`,
    );
    expect(policy.version).toBe('2008-10-17');
    expect(policy.id).toBe('s3-bucket');
  });

  it('keeps an access point policy within its access point', () => {
    const bucketArn = `arn:aws:s3:eu-west-1:${OWNER}:accesspoint/ap`;
    const ok = s3({ Action: ['s3:GetObject', 's3:ListBucket'], Resource: [bucketArn, `${bucketArn}/object/*`] });
    expect(parsePolicy(ok, 'access-point', { bucketArn }).statements).toHaveLength(1);
    expect(errorOf(doc(statement), 'access-point', { bucketArn }).message).toBe('Policy has invalid resource');
    expect(errorOf(s3({ Resource: bucketArn }), 'access-point', { bucketArn }).message).toBe(
      'Action does not apply to any resource(s) in statement',
    );
  });
});

describe('IAM policies', () => {
  const own = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
  it.each<[string, PolicyKind, object, string]>([
    ['effect', 'iam-identity', { ...own, Effect: 'x' }, 'Syntax errors in policy.'],
    ['principal', 'iam-identity', { ...own, Principal: '*' }, 'Policy document should not specify a principal.'],
    [
      'principal of a session',
      'session',
      { ...own, NotPrincipal: '*' },
      'Policy document should not specify a principal.',
    ],
    ['no action', 'iam-identity', { Effect: 'Allow', Resource: '*' }, 'Policy statement must contain actions.'],
    ['no resource', 'iam-identity', { Effect: 'Allow', Action: 's3:*' }, 'Policy statement must contain resources.'],
    [
      'no vendor',
      'iam-identity',
      { ...own, Action: 'GetObject' },
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    ],
    ['colons', 'iam-identity', { ...own, Action: 's3:a:b' }, 'Actions/Condition can contain only one colon.'],
    ['vendor', 'iam-identity', { ...own, Action: 's_3:a' }, 'Vendor s_3 is not valid'],
    ['resource', 'iam-identity', { ...own, Resource: 'docs' }, 'Resource docs must be in ARN format or "*".'],
    [
      'partition',
      'iam-identity',
      { ...own, Resource: 'arn:ibm:s3:::d' },
      'Partition "ibm" is not valid for resource "arn:ibm:s3:::d".',
    ],
    ['short ARN', 'iam-identity', { ...own, Resource: 'arn:aws:s3:d' }, 'The policy failed legacy parsing'],
    [
      'sid',
      'iam-identity',
      { ...own, Sid: 'a b' },
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    ],
    ['operator', 'iam-identity', { ...own, Condition: { Nope: { 'aws:x': '1' } } }, 'Syntax errors in policy.'],
    [
      'trust resource',
      'iam-trust',
      { Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole', Resource: '*' },
      'Has prohibited field Resource',
    ],
    [
      'trust action',
      'iam-trust',
      { Effect: 'Allow', Principal: '*', Action: 's3:GetObject' },
      'AssumeRole policy may only specify STS AssumeRole actions.',
    ],
    [
      'trust principal',
      'iam-trust',
      { Effect: 'Allow', Principal: { AWS: 'me' }, Action: 'sts:AssumeRole' },
      'Invalid principal in policy: "AWS":"me"',
    ],
    [
      'trust without principal',
      'iam-trust',
      { Effect: 'Allow', Action: 'sts:AssumeRole' },
      'Missing required field Principal',
    ],
    ['key policy vendor', 'kms-key', { ...own, Principal: '*' }, 'Vendor s3 is not valid'],
  ])('%s', (_name, kind, each, message) => {
    const error = errorOf(doc(each), kind);
    expect(error.message).toBe(message);
    expect(error.code).toBe('MalformedPolicyDocument');
  });

  it('words what is wrong with the document itself', () => {
    expect(errorOf('nonsense', 'iam-identity').message).toBe('Syntax errors in policy.');
    expect(errorOf('{"Version":"2013-10-17","Statement":[]}', 'iam-identity').message).toBe(
      'Policy document must be version 2012-10-17 or greater.',
    );
  });

  it('counts characters without white space', () => {
    const spaced = JSON.stringify({ Version: '2012-10-17', Statement: own }, undefined, 1000);
    expect(parsePolicy(spaced, 'session').statements).toHaveLength(1);
    const error = errorOf(doc({ ...own, Resource: `arn:aws:s3:::${'x'.repeat(2048)}` }), 'session');
    expect(error.code).toBe('LimitExceeded');
    expect(error.message).toBe('Maximum policy size of 2048 bytes exceeded');
  });

  it('accepts trust, key and vault policies', () => {
    const federated = `arn:aws:iam::${OWNER}:saml-provider/idp`;
    parsePolicy(
      doc({ Effect: 'Allow', Principal: { Federated: federated }, Action: 'sts:AssumeRoleWithSAML' }),
      'iam-trust',
    );
    parsePolicy(
      doc({ Sid: 'Enable IAM', Effect: 'Allow', Principal: { AWS: OWNER }, Action: 'kms:*', Resource: '*' }),
      'kms-key',
    );
    const vault = `arn:aws:glacier:eu-west-1:${OWNER}:vaults/v`;
    const lock = parsePolicy(
      doc({
        Effect: 'Deny',
        Principal: '*',
        Action: 'glacier:DeleteArchive',
        Resource: vault,
        Condition: { NumericLessThan: { 'glacier:ArchiveAgeInDays': 365 } },
      }),
      'vault',
    );
    expect(lock.document.Statement[0]?.Condition).toEqual({ NumericLessThan: { 'glacier:ArchiveAgeInDays': '365' } });
  });
});
