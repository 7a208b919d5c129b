import { compileCondition, readOperatorName } from '../conditions/condition.ts';
import type { Condition } from '../conditions/condition.ts';
import { compileGlob, globTokens, hasWildcard } from '../glob/glob.ts';
import { isVariable, parseTemplate } from '../glob/template.ts';
import type { VariableSource } from '../glob/template.ts';
import type { OneOrMany, StatementDocument } from '../types.ts';
import { compileNotPrincipal, compilePrincipal } from './principals.ts';
import { compileResource } from './resources.ts';
import type { Statement } from './statement.ts';

/** Makes the matchers of a checked statement. */
export function compileStatement(document: StatementDocument, index: number, variables: boolean): Statement {
  const conditions = compileConditions(document, variables);
  const resources = list(document.Resource ?? document.NotResource);
  const keys = new Set(conditions.flatMap((condition) => condition.keys));
  for (const resource of resources) {
    for (const part of parseTemplate(resource, { wildcards: true, variables })) {
      if (isVariable(part)) keys.add(part.key);
    }
  }
  return {
    index,
    sid: document.Sid,
    effect: document.Effect,
    principal:
      document.Principal !== undefined
        ? compilePrincipal(document.Principal)
        : document.NotPrincipal !== undefined
          ? compileNotPrincipal(document.NotPrincipal)
          : undefined,
    matchesAction: compileActions(document),
    matchesResource: compileResources(document, variables),
    conditions,
    keys,
  };
}

function list(values: OneOrMany | undefined): readonly string[] {
  if (values === undefined) return [];
  return typeof values === 'string' ? [values] : values;
}

function compileActions(document: StatementDocument): (action: string) => boolean {
  const negated = document.NotAction !== undefined;
  const exact = new Set<string>();
  const patterns: ((action: string) => boolean)[] = [];
  for (const action of list(document.Action ?? document.NotAction)) {
    const tokens = globTokens(action.toLowerCase());
    if (hasWildcard(tokens)) patterns.push(compileGlob(tokens));
    else exact.add(action.toLowerCase());
  }
  return (action) => (exact.has(action) || patterns.some((matches) => matches(action))) !== negated;
}

function compileResources(
  document: StatementDocument,
  variables: boolean,
): (resource: string, source: VariableSource) => boolean {
  // A trust policy has no resource: it speaks about its role.
  if (document.Resource === undefined && document.NotResource === undefined) return () => true;
  const matchers = list(document.Resource ?? document.NotResource).map((each) => compileResource(each, variables));
  if (document.NotResource === undefined) {
    return (resource, source) => matchers.some((matches) => matches(resource, source) === true);
  }
  // Where a variable has no value it is unknown what is excluded: a Deny applies, an Allow does not.
  const allow = document.Effect === 'Allow';
  return (resource, source) =>
    matchers.every((matches) => {
      const result = matches(resource, source);
      return result === undefined ? !allow : !result;
    });
}

function compileConditions(document: StatementDocument, variables: boolean): Condition[] {
  const conditions: Condition[] = [];
  for (const [operator, keys] of Object.entries(document.Condition ?? {})) {
    const name = readOperatorName(operator);
    for (const [key, values] of Object.entries(keys)) {
      const condition = name && compileCondition(name, key, list(values), variables);
      if (!condition) throw new TypeError(`condition ${operator} was not checked`);
      conditions.push(condition);
    }
  }
  return conditions;
}
