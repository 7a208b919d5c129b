import type { Forwarded } from '@coffer/contracts';
import { IAM_POLICY_QUOTAS, parsePolicy, PolicyError, policySize } from '@coffer/iam-policy';
import { limitExceeded, malformedPolicyDocument, validationError } from '../iam/errors.ts';
import { requiredText } from '../iam/input.ts';

const MAX_DOCUMENT = 131_072;
const DOCUMENT = /^[\t\n\r\u0020-\u00ff]+$/;

/** A policy that may be stored, with its size as IAM counts it. */
export interface PolicyDocument {
  readonly text: string;
  readonly size: number;
}

/** @throws Fault `ValidationError`, `MalformedPolicyDocument`, `LimitExceeded` */
export function readDocument(input: Forwarded['input'], policyName: string, userName: string): PolicyDocument {
  const text = requiredText(input, 'PolicyDocument', MAX_DOCUMENT);
  if (!DOCUMENT.test(text)) {
    throw validationError(
      'The specified value for policyDocument is invalid. It must contain only printable ASCII characters.',
    );
  }
  const size = policySize(text);
  if (size > IAM_POLICY_QUOTAS.inlineUser) throw policiesTooLarge(userName);
  try {
    parsePolicy(text, 'iam-identity', { id: policyName });
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw error.code === 'LimitExceeded' ? limitExceeded(error.message) : malformedPolicyDocument(error.message);
  }
  return { text, size };
}

export function policiesTooLarge(userName: string): ReturnType<typeof limitExceeded> {
  return limitExceeded(`Maximum policy size of ${IAM_POLICY_QUOTAS.inlineUser} bytes exceeded for user ${userName}`);
}
