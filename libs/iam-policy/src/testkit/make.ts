import { parsePolicy } from '../language/parse.ts';
import type { ParseOptions } from '../language/parse.ts';
import type { AccessRequest, CompiledPolicy, PolicyKind, Principal } from '../types.ts';

export const OWNER = '111122223333';
export const OTHER = '444455556666';
export const BUCKET = 'arn:aws:s3:::docs';

/** A policy from statements, in Version 2012-10-17. */
export function policy(
  kind: PolicyKind,
  statements: object | readonly object[],
  options: ParseOptions & { version?: string } = {},
): CompiledPolicy {
  const { version = '2012-10-17', ...rest } = options;
  return parsePolicy(JSON.stringify({ Version: version, Statement: statements }), kind, rest);
}

/** An identity policy that allows or denies one action everywhere. */
export function identity(effect: 'Allow' | 'Deny', action: string, more: object = {}): CompiledPolicy {
  return policy('iam-identity', { Effect: effect, Action: action, Resource: '*', ...more });
}

/** A bucket policy on `docs` about its objects. */
export function bucket(effect: 'Allow' | 'Deny', principal: unknown, more: object = {}): CompiledPolicy {
  const action = { Effect: effect, Principal: principal, Action: 's3:GetObject', Resource: `${BUCKET}/*`, ...more };
  return policy('s3-bucket', action, { bucketArn: BUCKET });
}

export const anonymous: Principal = { kind: 'anonymous', accountId: '', arn: '', userId: '' };

export function user(name = 'ann', accountId = OWNER): Principal {
  return {
    kind: 'user',
    accountId,
    arn: `arn:aws:iam::${accountId}:user/${name}`,
    userId: `AIDA${name.toUpperCase()}00000000`,
    userName: name,
    tags: { Team: 'blue' },
  };
}

export function root(accountId = OWNER): Principal {
  return { kind: 'root', accountId, arn: `arn:aws:iam::${accountId}:root`, userId: accountId };
}

export function session(accountId = OWNER): Principal {
  return {
    kind: 'assumed-role',
    accountId,
    arn: `arn:aws:sts::${accountId}:assumed-role/reader/s1`,
    userId: 'AROAREADER000000:s1',
    roleArn: `arn:aws:iam::${accountId}:role/reader`,
    roleId: 'AROAREADER000000',
  };
}

/** A GetObject of `docs/a.txt`. */
export function request(principal: Principal, more: Partial<AccessRequest> = {}): AccessRequest {
  return {
    principal,
    action: 's3:GetObject',
    resource: `${BUCKET}/a.txt`,
    resourceAccountId: OWNER,
    context: new Map(),
    ...more,
  };
}
