import { Grant } from '../language/principals.ts';
import type { Statement } from '../language/statement.ts';
import type { AccessRequest, CompiledPolicy, Layer, Reason } from '../types.ts';
import type { RequestScope } from './scope.ts';
import { statementsFor } from './statement-index.ts';

/** One request while it is being decided. */
export interface Evaluation {
  readonly request: AccessRequest;
  /** The action in lower case. */
  readonly action: string;
  readonly scope: RequestScope;
}

/** What a statement gives to the request's principal; `Grant.None` when it does not apply. */
function applies(statement: Statement, { request, scope }: Evaluation): Grant {
  const grant = statement.principal?.(request.principal, statement.effect) ?? Grant.Direct;
  if (grant === Grant.None || !statement.matchesResource(request.resource, scope)) return Grant.None;
  for (const condition of statement.conditions) {
    if (!condition.holds(scope, statement.effect)) return Grant.None;
  }
  return grant;
}

function reasonOf(policy: CompiledPolicy, statement: Statement, layer: Layer): Reason {
  return {
    effect: statement.effect,
    layer,
    policyId: policy.id,
    statementIndex: statement.index,
    ...(statement.sid === undefined ? {} : { sid: statement.sid }),
  };
}

/** The first Deny that applies. */
export function findDeny(
  policies: readonly CompiledPolicy[],
  layer: Layer,
  evaluation: Evaluation,
): Reason | undefined {
  for (const policy of policies) {
    for (const statement of statementsFor(policy, evaluation.action).deny) {
      if (applies(statement, evaluation) !== Grant.None) return reasonOf(policy, statement, layer);
    }
  }
  return undefined;
}

/** What a layer gives, and the statement that gives most. */
export interface Allowance {
  readonly grant: Grant;
  readonly reason: Reason | undefined;
}

/** The strongest Allow that applies. */
export function findAllow(policies: readonly CompiledPolicy[], layer: Layer, evaluation: Evaluation): Allowance {
  let best: Allowance = { grant: Grant.None, reason: undefined };
  for (const policy of policies) {
    for (const statement of statementsFor(policy, evaluation.action).allow) {
      const grant = applies(statement, evaluation);
      if (grant > best.grant) best = { grant, reason: reasonOf(policy, statement, layer) };
      if (best.grant === Grant.Direct) return best;
    }
  }
  return best;
}
