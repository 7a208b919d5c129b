import { readOperatorName } from '../conditions/condition.ts';
import { parseCidr } from '../conditions/ip.ts';
import { OPERATORS } from '../conditions/operators.ts';
import { isFixed, parseTemplate, splitArn } from '../glob/template.ts';
import { namesOf } from '../language/principals.ts';
import type { CompiledPolicy, StatementDocument } from '../types.ts';

/** Keys (lower case) whose fixed values keep a statement from being public. Source: S3 guide, "The meaning of public". */
const LIMITING_KEYS = new Set([
  'aws:sourcearn',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:sourceowner',
  'aws:sourceaccount',
  'aws:principalorgid',
  'aws:userid',
  's3:x-amz-server-side-encryption-aws-kms-key-id',
  's3:dataaccesspointarn',
  's3:dataaccesspointaccount',
]);

/** Ranges wider than these are the public. */
const WIDEST_PREFIX = { 4: 8, 6: 32 } as const;

/**
 * Whether the policy is public, as Block Public Access and `GetBucketPolicyStatus` see it: some Allow
 * is limited neither to fixed principals nor by a condition to fixed values of a key that tells
 * callers apart. Deny statements are not weighed.
 */
export function isPublic(policy: CompiledPolicy): boolean {
  const variables = policy.version === '2012-10-17';
  return policy.document.Statement.some(
    (statement) => statement.Effect === 'Allow' && !namesFixedPrincipals(statement) && !isLimited(statement, variables),
  );
}

function namesFixedPrincipals(statement: StatementDocument): boolean {
  return statement.Principal !== undefined && namesOf(statement.Principal).every(({ value }) => value !== '*');
}

function isLimited(statement: StatementDocument, variables: boolean): boolean {
  return Object.entries(statement.Condition ?? {}).some(([operator, keys]) =>
    Object.entries(keys).some(([key, raw]) => {
      const values = typeof raw === 'string' ? [raw] : raw;
      return values.length > 0 && limits(operator, key.toLowerCase(), values, variables);
    }),
  );
}

function limits(operatorName: string, key: string, values: readonly string[], variables: boolean): boolean {
  const name = readOperatorName(operatorName);
  const operator = name && OPERATORS.get(name.base);
  // Negated, and whatever holds when the key is absent, lets in more than it names.
  if (!operator || operator.negated || name.ifExists || name.set === 'ForAllValues') return false;
  if (key === 'aws:sourceip') {
    return (
      operator.family === 'Ip' &&
      values.every((value) => {
        const range = parseCidr(value);
        return range !== undefined && range.prefix >= WIDEST_PREFIX[range.version];
      })
    );
  }
  if (!LIMITING_KEYS.has(key) || (operator.family !== 'String' && operator.family !== 'Arn')) return false;
  // A wildcard counts as one even where the operator takes it literally: presumed public.
  return values.every(
    (value) =>
      isFixed(parseTemplate(value, { wildcards: true, variables })) ||
      (key === 's3:dataaccesspointarn' && hasFixedAccount(value, variables)),
  );
}

/** The name of an access point may be open as long as its account is not. */
function hasFixedAccount(arn: string, variables: boolean): boolean {
  const segments = splitArn(arn);
  return (
    segments !== undefined &&
    segments.slice(0, 5).every((segment) => isFixed(parseTemplate(segment, { wildcards: true, variables }))) &&
    (segments[5] as string).startsWith('accesspoint/')
  );
}
