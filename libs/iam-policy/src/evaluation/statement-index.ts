import type { Statement } from '../language/statement.ts';
import type { CompiledPolicy } from '../types.ts';

/** The statements of one policy that name an action, by effect. */
export interface StatementsOfAction {
  readonly deny: readonly Statement[];
  readonly allow: readonly Statement[];
}

/** Actions remembered per policy; there are fewer than this in one service. */
const MAX_ACTIONS = 256;

const indexes = new WeakMap<CompiledPolicy, Map<string, StatementsOfAction>>();

/** Finds the statements for an action (lower case). Sorted out once per policy and action. */
export function statementsFor(policy: CompiledPolicy, action: string): StatementsOfAction {
  let index = indexes.get(policy);
  if (!index) {
    index = new Map();
    indexes.set(policy, index);
  }
  let found = index.get(action);
  if (!found) {
    const named = policy.statements.filter((statement) => statement.matchesAction(action));
    found = {
      deny: named.filter((statement) => statement.effect === 'Deny'),
      allow: named.filter((statement) => statement.effect === 'Allow'),
    };
    if (index.size < MAX_ACTIONS) index.set(action, found);
  }
  return found;
}
