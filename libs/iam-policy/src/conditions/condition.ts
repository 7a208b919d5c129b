import { OPERATORS } from './operators.ts';
import type { TestScope, ValueTest } from './operators.ts';
import { parseBoolean } from './values.ts';

/** What a condition may ask of a request. */
export interface ConditionScope extends TestScope {
  /** The values of a lower-case key; undefined when it is absent or empty. */
  values(key: string): readonly string[] | undefined;
  /** Forgets earlier variables without value. */
  clearUnresolved(): void;
  /** Whether a variable without value was met since. */
  readonly unresolved: boolean;
}

/** The parts of an operator name such as `ForAnyValue:StringLikeIfExists`. */
export interface OperatorName {
  readonly set: 'ForAllValues' | 'ForAnyValue' | undefined;
  readonly base: string;
  readonly ifExists: boolean;
}

/** Takes an operator's name apart; undefined when there is no such operator. */
export function readOperatorName(name: string): OperatorName | undefined {
  if (name === 'Null') return { set: undefined, base: 'Null', ifExists: false };
  const colon = name.indexOf(':');
  const prefix = colon < 0 ? undefined : name.slice(0, colon);
  if (prefix !== undefined && prefix !== 'ForAllValues' && prefix !== 'ForAnyValue') return undefined;
  let base = name.slice(colon + 1);
  const ifExists = base.endsWith('IfExists');
  if (ifExists) base = base.slice(0, -'IfExists'.length);
  return OPERATORS.has(base) ? { set: prefix, base, ifExists } : undefined;
}

/** One operator applied to one key. */
export interface Condition {
  /** Condition keys (lower case) that may be read. */
  readonly keys: readonly string[];
  holds(scope: ConditionScope, effect: 'Allow' | 'Deny'): boolean;
}

/** Makes a condition; undefined when a value does not suit the operator. */
export function compileCondition(
  name: OperatorName,
  key: string,
  values: readonly string[],
  variables: boolean,
): Condition | undefined {
  const lowerKey = key.toLowerCase();
  if (name.base === 'Null') return compileNull(lowerKey, values);
  const operator = OPERATORS.get(name.base);
  const compiled = operator?.compile(values, variables);
  if (!operator || !compiled) return undefined;
  const { negated } = operator;
  const { test } = compiled;
  const { set, ifExists } = name;
  const whenAbsent = ifExists || (set === undefined ? negated : set === 'ForAllValues');
  return {
    keys: [lowerKey, ...compiled.keys],
    holds(scope, effect) {
      const present = scope.values(lowerKey);
      if (present === undefined) return whenAbsent;
      scope.clearUnresolved();
      const result = compare(present, test, scope, set, negated);
      // "Not equal to something that has no value" must not open anything: it counts in a Deny only.
      return result && !(negated && scope.unresolved && effect === 'Allow');
    },
  };
}

function compare(
  values: readonly string[],
  test: ValueTest,
  scope: ConditionScope,
  set: OperatorName['set'],
  negated: boolean,
): boolean {
  if (set === 'ForAllValues') return values.every((value) => test(value, scope) !== negated);
  if (set === 'ForAnyValue') return values.some((value) => test(value, scope) !== negated);
  return values.some((value) => test(value, scope)) !== negated;
}

/** `Null: true` wants the key absent, `Null: false` wants it present. */
function compileNull(key: string, values: readonly string[]): Condition | undefined {
  const wanted = values.map(parseBoolean);
  if (wanted.length === 0 || wanted.includes(undefined)) return undefined;
  return { keys: [key], holds: (scope) => wanted.includes(scope.values(key) === undefined) };
}
