/**
 * Why a policy was refused.
 *
 * - `MalformedPolicy`: S3's code (HTTP 400) for bucket and access point policies.
 * - `MalformedPolicyDocument`: IAM's code (HTTP 400) for every other kind.
 * - `LimitExceeded`: IAM's code (HTTP 409) for a document larger than its kind allows.
 */
export type PolicyErrorCode = 'MalformedPolicy' | 'MalformedPolicyDocument' | 'LimitExceeded';

/** A policy text that cannot be accepted; `message` is the text a client sees. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly code: PolicyErrorCode;

  constructor(code: PolicyErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
