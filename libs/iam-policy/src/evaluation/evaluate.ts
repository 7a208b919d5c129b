import { Grant } from '../language/principals.ts';
import type { AccessRequest, CompiledPolicy, Decision, Layer, PolicySet, Reason } from '../types.ts';
import { findAllow, findDeny } from './match.ts';
import type { Allowance, Evaluation } from './match.ts';
import { explicitDenyMessage, implicitDenyMessage } from './message.ts';
import { RequestScope } from './scope.ts';

/** What the owner's root user may always do, so that no bucket policy locks its owner out. */
const RECOVERY_ACTIONS = new Set(['s3:getbucketpolicy', 's3:putbucketpolicy', 's3:deletebucketpolicy']);

/**
 * Decides one request. Whatever is not allowed is refused; an explicit Deny in any policy wins.
 *
 * - Same account: an identity policy or the resource policy must allow; trust and key policies must
 *   allow in any case, themselves or by naming the account.
 * - Other account: both sides must allow.
 * - Boundary and session policies must allow as well, except where the resource policy of the same
 *   account names the very user or session.
 * - Callers without account (anonymous, services, web identities): the resource side alone.
 * - A root user has every right in its account that no resource policy denies.
 */
export function evaluate(request: AccessRequest, policies: PolicySet): Decision {
  const evaluation: Evaluation = {
    request,
    action: request.action.toLowerCase(),
    scope: new RequestScope(request),
  };
  const resource = asList(policies.resource);
  const boundary = asList(policies.boundary);
  const session = policies.session ?? [];
  const { principal } = request;
  const sameAccount = principal.accountId !== '' && principal.accountId === request.resourceAccountId;

  if (principal.kind === 'root' && sameAccount && session.length === 0 && RECOVERY_ACTIONS.has(evaluation.action)) {
    return decision(evaluation, [{ effect: 'Allow', layer: 'root' }]);
  }

  const layers: readonly (readonly [readonly CompiledPolicy[], Layer])[] = [
    [resource, 'resource'],
    [policies.identity, 'identity'],
    [boundary, 'boundary'],
    [session, 'session'],
  ];
  for (const [list, layer] of layers) {
    const deny = findDeny(list, layer, evaluation);
    if (deny) return decision(evaluation, [deny], explicitDenyMessage(request, layer));
  }

  const granted = resourceSide(resource, policies.resourceGrants, evaluation);
  // The anonymous, services and web identities have no account and so no policies of their own.
  if (principal.kind === 'anonymous' || principal.kind === 'service' || principal.accountId === '') {
    if (granted.reason && granted.grant !== Grant.Account) return decision(evaluation, [granted.reason]);
    return refusal(evaluation, [], 'resource');
  }

  const mustAllow = !sameAccount || resource.some(({ kind }) => kind === 'kms-key' || kind === 'iam-trust');
  const allows: Reason[] = granted.reason ? [granted.reason] : [];
  if (mustAllow && granted.grant === Grant.None) return refusal(evaluation, allows, 'resource');
  if (sameAccount && granted.grant === Grant.Direct) return decision(evaluation, allows);

  // The resource side alone suffices for callers of the same account that it names themselves.
  const identityNeeded = !sameAccount || granted.grant < Grant.Limited;
  if (identityNeeded) {
    const own = identitySide(policies.identity, evaluation);
    if (!own.reason) return refusal(evaluation, allows, 'identity');
    allows.push(own.reason);
  }
  for (const [list, layer] of [
    [boundary, 'boundary'],
    [session, 'session'],
  ] as const) {
    if (list.length === 0) continue;
    const { reason } = findAllow(list, layer, evaluation);
    if (!reason) return refusal(evaluation, allows, layer);
    allows.push(reason);
  }
  return decision(evaluation, allows);
}

function asList(policies: CompiledPolicy | readonly CompiledPolicy[] | undefined): readonly CompiledPolicy[] {
  if (policies === undefined) return [];
  return 'statements' in policies ? [policies] : policies;
}

/** The best of what the resource's policy and its other grants give. */
function resourceSide(
  policies: readonly CompiledPolicy[],
  grants: PolicySet['resourceGrants'],
  evaluation: Evaluation,
): Allowance {
  const byPolicy = findAllow(policies, 'resource', evaluation);
  if (grants === undefined || grants === false) return byPolicy;
  const grant = grants === 'account' ? Grant.Account : Grant.Limited;
  return grant > byPolicy.grant ? { grant, reason: { effect: 'Allow', layer: 'grant' } } : byPolicy;
}

function identitySide(policies: readonly CompiledPolicy[], evaluation: Evaluation): Allowance {
  if (evaluation.request.principal.kind === 'root') {
    return { grant: Grant.Direct, reason: { effect: 'Allow', layer: 'root' } };
  }
  return findAllow(policies, 'identity', evaluation);
}

function refusal(evaluation: Evaluation, allows: readonly Reason[], layer: Layer): Decision {
  const reasons: Reason[] = [...allows, { effect: 'ImplicitDeny', layer }];
  return decision(evaluation, reasons, implicitDenyMessage(evaluation.request, layer));
}

/** A decision; it allows when there is no message of refusal. */
function decision({ scope }: Evaluation, reasons: readonly Reason[], message = ''): Decision {
  return {
    allowed: message === '',
    explicitDeny: reasons.some(({ effect }) => effect === 'Deny'),
    reasons,
    contextKeysRead: scope.keysRead,
    contextKeysAbsent: scope.keysAbsent,
    message,
  };
}
