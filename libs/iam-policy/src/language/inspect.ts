import type { CompiledPolicy, PrincipalDocument, StatementDocument } from '../types.ts';
import { oneOrMany } from './json.ts';
import { parsePolicy } from './parse.ts';
import type { PrincipalName } from './principals.ts';
import { namesOf } from './principals.ts';

/** Condition keys (lower case) that evaluating the policy may read, as conditions or variables. */
export function contextKeysOf(policy: CompiledPolicy): Set<string> {
  return new Set(policy.statements.flatMap((statement) => [...statement.keys]));
}

/** Every principal that the policy names, each once. */
export function principalsOf(policy: CompiledPolicy): PrincipalName[] {
  const names = new Map<string, PrincipalName>();
  for (const { Principal, NotPrincipal } of policy.document.Statement) {
    const document = Principal ?? NotPrincipal;
    for (const name of document === undefined ? [] : namesOf(document)) names.set(`${name.type} ${name.value}`, name);
  }
  return [...names.values()];
}

/**
 * The policy with each AWS principal replaced by what `map` returns for it (undefined: left as it
 * is), so that ARNs can be stored as unique ids and shown as ARNs again. `*` is never asked about.
 *
 * @throws PolicyError when a replacement is no principal.
 */
export function mapPrincipals(
  policy: CompiledPolicy,
  map: (name: PrincipalName) => string | undefined,
): CompiledPolicy {
  const replace = (document: PrincipalDocument): PrincipalDocument => {
    if (document === '*') return document;
    const result: Record<string, string | readonly string[]> = {};
    for (const type of new Set(namesOf(document).map((name) => name.type))) {
      const names = namesOf(document).filter((name) => name.type === type);
      result[type] = oneOrMany(
        names.map((name) => (type === 'AWS' && name.value !== '*' ? map(name) : undefined) ?? name.value),
      );
    }
    return result;
  };
  const Statement = policy.document.Statement.map((statement): StatementDocument => ({
    ...statement,
    ...(statement.Principal === undefined ? {} : { Principal: replace(statement.Principal) }),
    ...(statement.NotPrincipal === undefined ? {} : { NotPrincipal: replace(statement.NotPrincipal) }),
  }));
  const text = JSON.stringify({ ...policy.document, Statement });
  const { id, kind, bucketArn } = policy;
  return parsePolicy(text, kind, { id, allowUniqueIds: true, ...(bucketArn !== undefined && { bucketArn }) });
}
