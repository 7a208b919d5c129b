import type { Condition } from '../conditions/condition.ts';
import type { VariableSource } from '../glob/template.ts';
import type { PrincipalMatcher } from './principals.ts';

/** One statement, ready to be matched. */
export interface Statement {
  /** Position in the policy, from 0. */
  readonly index: number;
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  /** Absent in identity and session policies. */
  readonly principal: PrincipalMatcher | undefined;
  /** Takes the action in lower case. */
  matchesAction(action: string): boolean;
  matchesResource(resource: string, source: VariableSource): boolean;
  readonly conditions: readonly Condition[];
  /** Lower-case condition keys that the statement may read. */
  readonly keys: ReadonlySet<string>;
}
