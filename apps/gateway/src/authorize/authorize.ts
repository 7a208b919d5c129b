import { s3Error, type DecisionReason } from '@coffer/contracts';
import { evaluate, isPublic, type CompiledPolicy, type Decision } from '@coffer/iam-policy';
import type { Identified } from '../authenticate/principals.ts';
import type { Bucket } from '../route/contexts.ts';
import { contextValues, type ContextSource, type ContextValue } from './context-values.ts';

/** One permission that a request needs. All of them must be allowed. */
export interface Need {
  /** For example `s3:GetObject`. */
  readonly action: string;
  /** ARN, or `*`. */
  readonly resource: string;
  /** The bucket whose policy and owner have a say, when it is not the request's own (the source of a copy). */
  readonly bucket?: Bucket;
  readonly extra?: ReadonlyMap<string, ContextValue>;
}

export interface Question {
  readonly who: Identified;
  readonly needs: readonly Need[];
  readonly bucket: Bucket | undefined;
  readonly source: Omit<ContextSource, 'bucket' | 'extra'>;
}

export interface Verdict {
  readonly allowed: boolean;
  readonly reasons: DecisionReason[];
  /** AWS's words for the refusal. */
  readonly message: string;
}

/** The owner's root user can always get at the policy of its own bucket, or a Deny would lock everybody out for good. */
const RECOVERY = new Set(['s3:GetBucketPolicy', 's3:PutBucketPolicy', 's3:DeleteBucketPolicy']);

/** May they, and why: every need of the request against every policy that has a say. */
export function judge(question: Question): Verdict {
  const reasons: DecisionReason[] = [];
  for (const need of question.needs) {
    const decision = decide(question, need);
    for (const reason of decision.reasons) {
      reasons.push({
        layer: reason.layer,
        effect: `${reason.effect} ${need.action}`,
        ...(reason.policyId === undefined ? {} : { policy: reason.policyId }),
        ...(reason.statementIndex === undefined ? {} : { statement: reason.statementIndex }),
        ...(reason.sid === undefined ? {} : { sid: reason.sid }),
      });
    }
    if (!decision.allowed) return { allowed: false, reasons, message: decision.message };
  }
  return { allowed: true, reasons, message: '' };
}

/** As `judge`, but a refusal is the error that the client gets. */
export function denied(verdict: Verdict): Error {
  return s3Error('AccessDenied', {}, { message: verdict.message || 'Access Denied' });
}

function decide({ who, bucket: own, source }: Question, need: Need): Decision {
  const bucket = need.bucket ?? own;
  if (bucket && shutToOthers(who, bucket)) return SHUT;
  return evaluate(
    {
      principal: who.principal,
      action: need.action,
      resource: need.resource,
      resourceAccountId: bucket?.context.ownerAccountId ?? who.principal.accountId,
      context: contextValues({ ...source, bucket: bucket?.context, ...(need.extra ? { extra: need.extra } : {}) }),
    },
    {
      identity: who.identityPolicies,
      resource: bucket && applicablePolicy(who, bucket, need.action),
      boundary: who.boundary,
      session: who.sessionPolicies,
    },
  );
}

function applicablePolicy(who: Identified, bucket: Bucket, action: string): CompiledPolicy | undefined {
  const { policy, context } = bucket;
  if (!policy) return undefined;
  const ofOwner = who.principal.accountId === context.ownerAccountId;
  if (ofOwner && who.principal.kind === 'root' && RECOVERY.has(action)) return undefined;
  return policy;
}

const SHUT: Decision = {
  allowed: false,
  explicitDeny: false,
  reasons: [{ effect: 'ImplicitDeny', layer: 'resource', policyId: 'RestrictPublicBuckets' }],
  contextKeysRead: [],
  contextKeysAbsent: [],
  message: '',
};

/** RestrictPublicBuckets: a public policy serves the owner's account and services alone, cross-account grants included. */
function shutToOthers(who: Identified, { policy, context }: Bucket): boolean {
  const restricted =
    context.publicAccessBlock?.RestrictPublicBuckets || context.accountPublicAccessBlock?.RestrictPublicBuckets;
  if (!restricted || !policy || who.principal.kind === 'service') return false;
  return who.principal.accountId !== context.ownerAccountId && isPublic(policy);
}
