import type { PolicyKind } from './types.ts';

/** Characters of raw text that are looked at at all; IAM's own bound for a PolicyDocument parameter. */
export const MAX_RAW_LENGTH = 131_072;

/** Deepest nesting of a policy; the grammar itself needs six. */
export const MAX_DEPTH = 10;

/** Statements of one policy. Far above what fits the sizes below in practice. */
export const MAX_STATEMENTS = 1_000;

/** Values (actions, resources, principals, condition values) of one policy. */
export const MAX_VALUES = 5_000;

/**
 * Largest policy of each kind. S3 kinds, vaults and key policies: UTF-8 bytes of the normalised document.
 * IAM kinds: characters of the text that are not white space. Aggregate quotas (all inline policies of
 * one user, ...) are the owner's to check, with `policySize`.
 */
export const MAX_POLICY_SIZE: Readonly<Record<PolicyKind, number>> = {
  's3-bucket': 20_480,
  'access-point': 20_480,
  vault: 20_480,
  'kms-key': 32_768,
  'iam-identity': 10_240,
  'iam-trust': 4_096,
  session: 2_048,
};

/** Quotas of IAM in characters without white space. */
export const IAM_POLICY_QUOTAS = {
  managed: 6_144,
  inlineUser: 2_048,
  inlineGroup: 5_120,
  inlineRole: 10_240,
  trust: 2_048,
  trustRaised: 4_096,
  session: 2_048,
} as const;

/** Size of a policy text as IAM counts it: characters, white space left out. */
export function policySize(text: string): number {
  let size = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    const white = code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
    // The second half of a surrogate pair belongs to the character already counted.
    const lowSurrogate = code >= 0xdc00 && code <= 0xdfff;
    if (!white && !lowSurrogate) size += 1;
  }
  return size;
}
