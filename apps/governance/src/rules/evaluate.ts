import type { DestructionRequest, Rule, VersionState } from './rule.ts';

/** What a client is told when governance cannot tell whether the version is protected. */
export const UNREADABLE = 'The protection of this version cannot be determined.';

/** The first refusal among the rules; undefined only when every rule was asked and none objected. */
export function evaluate(
  rules: readonly Rule[],
  state: VersionState | undefined,
  request: DestructionRequest,
): string | undefined {
  if (state === undefined) return UNREADABLE;
  for (const rule of rules) {
    let refusal: string | undefined;
    try {
      refusal = rule(state, request);
    } catch {
      return UNREADABLE;
    }
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
