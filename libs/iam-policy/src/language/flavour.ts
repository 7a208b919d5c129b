import { PolicyError } from '../errors.ts';
import type { PolicyErrorCode } from '../errors.ts';
import type { PolicyKind } from '../types.ts';

/** How one kind of policy differs from the others in grammar. */
export interface Grammar {
  readonly principal: 'required' | 'forbidden';
  readonly resource: 'required' | 'forbidden';
  /** Vendor prefixes of actions; absent: any vendor. */
  readonly vendor?: string;
  /** Words and code of errors. */
  readonly words: Words;
}

/** The errors of one family of services, in its own words. */
export interface Words {
  readonly code: PolicyErrorCode;
  readonly firstByte: string;
  readonly json: string;
  readonly syntax: string;
  readonly version: string;
  readonly emptyStatement: string;
  readonly duplicateSid: string;
  readonly badSid: string;
  readonly principalForbidden: string;
  readonly resourceForbidden: string;
  unknownField(name: string): string;
  missing(field: string): string;
  effect(value: unknown): string;
  principal(type: string, value: unknown): string;
  operator(name: string): string;
  conditionKey(key: string): string;
  conditionValue(operator: string, key: string): string;
  tooLarge(limit: number): string;
}

/** What S3 says about bucket and access point policies. */
const S3_WORDS: Words = {
  code: 'MalformedPolicy',
  firstByte: "Policies must be valid JSON and the first byte must be '{'",
  json: 'This policy contains invalid Json',
  syntax: 'Invalid policy syntax.',
  version: 'The policy must contain a valid version string',
  emptyStatement: 'Could not parse the policy: Statement is empty!',
  duplicateSid: 'Statement IDs (SID) in a single policy must be unique.',
  badSid: 'Invalid policy syntax.',
  principalForbidden: 'Invalid principal in policy',
  resourceForbidden: 'Policy has invalid resource',
  unknownField: (name) => `Unknown field ${plain(name)}`,
  missing: (field) => `Missing required field ${field}`,
  effect: (value) => `Invalid effect: ${plain(value)}`,
  principal: () => 'Invalid principal in policy',
  operator: (name) => `Invalid Condition type : ${plain(name)}`,
  conditionKey: () => 'Policy has an invalid condition key',
  conditionValue: (operator, key) => `Invalid value for ${operator} of condition key ${plain(key)}`,
  tooLarge: (limit) => `Normalized policy document exceeds the maximum allowed size of ${limit} bytes`,
};

const IAM_SYNTAX = 'Syntax errors in policy.';

/** What IAM (and STS, KMS, Glacier in its manner) says. */
const IAM_WORDS: Words = {
  code: 'MalformedPolicyDocument',
  firstByte: IAM_SYNTAX,
  json: IAM_SYNTAX,
  syntax: IAM_SYNTAX,
  version: 'Policy document must be version 2012-10-17 or greater.',
  emptyStatement: IAM_SYNTAX,
  duplicateSid: 'Statement IDs (SID) in a single policy must be unique.',
  badSid:
    'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
  principalForbidden: 'Policy document should not specify a principal.',
  resourceForbidden: 'Has prohibited field Resource',
  unknownField: () => IAM_SYNTAX,
  missing: (field) => {
    if (field === 'Action') return 'Policy statement must contain actions.';
    if (field === 'Resource') return 'Policy statement must contain resources.';
    if (field === 'Principal') return 'Missing required field Principal';
    return IAM_SYNTAX;
  },
  effect: () => IAM_SYNTAX,
  principal: (type, value) => `Invalid principal in policy: "${type}":"${plain(value)}"`,
  operator: () => IAM_SYNTAX,
  conditionKey: () => 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
  conditionValue: () => IAM_SYNTAX,
  tooLarge: (limit) => `Maximum policy size of ${limit} bytes exceeded`,
};

/** Client text in a message: strings only, and not more than a client needs to find its mistake. */
function plain(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 256) : JSON.stringify(value).slice(0, 256);
}

const GRAMMARS: Readonly<Record<PolicyKind, Grammar>> = {
  's3-bucket': { principal: 'required', resource: 'required', vendor: 's3', words: S3_WORDS },
  'access-point': { principal: 'required', resource: 'required', vendor: 's3', words: S3_WORDS },
  'iam-identity': { principal: 'forbidden', resource: 'required', words: IAM_WORDS },
  session: { principal: 'forbidden', resource: 'required', words: IAM_WORDS },
  'iam-trust': { principal: 'required', resource: 'forbidden', vendor: 'sts', words: IAM_WORDS },
  'kms-key': { principal: 'required', resource: 'required', vendor: 'kms', words: IAM_WORDS },
  vault: { principal: 'required', resource: 'required', vendor: 'glacier', words: IAM_WORDS },
};

/** The grammar of a kind of policy. */
export function grammarOf(kind: PolicyKind): Grammar {
  return GRAMMARS[kind];
}

/** Whether the policy is S3's own. */
export function isS3Kind(kind: PolicyKind): boolean {
  return kind === 's3-bucket' || kind === 'access-point';
}

/** An error in the words of the grammar. */
export function malformed(grammar: Grammar, message: string): PolicyError {
  return new PolicyError(grammar.words.code, message);
}
