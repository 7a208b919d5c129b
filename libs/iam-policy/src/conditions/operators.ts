import { compileTemplate, isFixed, isVariable, parseTemplate, splitArn, splitTemplate } from '../glob/template.ts';
import type { TemplatePart, VariableSource } from '../glob/template.ts';
import { parseCidr, parseIp } from './ip.ts';
import { parseBase64, parseBoolean, parseDate, parseNumber } from './values.ts';

/** What a value test may ask while it runs. */
export interface TestScope extends VariableSource {
  /** Called when a variable of the policy has no value, so that nothing can be equal to it. */
  unresolvedVariable(): void;
}

/** Says whether one value of the request is equal to (like, below, …) any value of the policy. */
export type ValueTest = (value: string, scope: TestScope) => boolean;

/** What a compiled list of policy values can do. */
export interface CompiledValues {
  readonly test: ValueTest;
  /** Keys of the variables in the values. */
  readonly keys: readonly string[];
}

/** How one operator reads the values of a policy; undefined when one of them cannot be read. */
type Compiler = (values: readonly string[], variables: boolean) => CompiledValues | undefined;

/** A comparison without its negation. */
export interface Operator {
  readonly family: 'String' | 'Numeric' | 'Date' | 'Bool' | 'Binary' | 'Ip' | 'Arn';
  readonly negated: boolean;
  readonly compile: Compiler;
}

type Reader<T> = (text: string) => T | undefined;

/** Comparisons of values that are first read as something else than text. */
function comparing<T>(read: Reader<T>, holds: (value: T, wanted: T) => boolean): Compiler {
  return (values) => {
    const wanted: T[] = [];
    for (const text of values) {
      const value = read(text);
      if (value === undefined) return undefined;
      wanted.push(value);
    }
    return {
      keys: [],
      test: (text) => {
        const value = read(text);
        return value !== undefined && wanted.some((each) => holds(value, each));
      },
    };
  };
}

function variablesIn(parts: readonly TemplatePart[]): string[] {
  return parts.filter(isVariable).map((part) => part.key);
}

/** String comparisons: fixed texts are looked up in a set, the rest are matchers. */
function strings(wildcards: boolean, ignoreCase: boolean): Compiler {
  return (values, variables) => {
    const fixed = new Set<string>();
    const patterns: TemplatePart[][] = [];
    for (const value of values) {
      const parts = parseTemplate(value, { wildcards, variables });
      if (!isFixed(parts)) patterns.push(parts);
      else fixed.add(ignoreCase ? parts.join('').toLowerCase() : parts.join(''));
    }
    const matchers = patterns.map((parts) => compileTemplate(parts, ignoreCase));
    return {
      keys: patterns.flatMap(variablesIn),
      test: (value, scope) => {
        if (fixed.has(ignoreCase ? value.toLowerCase() : value)) return true;
        for (const matches of matchers) {
          const result = matches(value, scope);
          if (result === true) return true;
          if (result === undefined) scope.unresolvedVariable();
        }
        return false;
      },
    };
  };
}

/** ARNs part by part: a wildcard stays within its part, the sixth part reaches to the end. */
const arns: Compiler = (values, variables) => {
  const patterns = values.map((value) => {
    const segments = splitTemplate(parseTemplate(value, { wildcards: true, variables }), 6);
    // A single * stands for any ARN; any other pattern needs its six parts to match one.
    if (value === '*') return { segments, matchers: [] };
    return segments.length < 6
      ? { segments, matchers: undefined }
      : { segments, matchers: segments.map((parts) => compileTemplate(parts)) };
  });
  return {
    keys: patterns.flatMap(({ segments }) => segments.flatMap(variablesIn)),
    test: (value, scope) => {
      const segments = splitArn(value);
      if (!segments) return false;
      for (const { matchers } of patterns) {
        if (!matchers) continue;
        let all = true;
        for (let i = 0; i < matchers.length && all; i += 1) {
          const result = matchers[i]?.(segments[i] as string, scope);
          if (result === undefined) scope.unresolvedVariable();
          all = result === true;
        }
        if (all) return true;
      }
      return false;
    },
  };
};

/** Address ranges; the request's address is read once. */
const addresses: Compiler = (values) => {
  const ranges = values.map(parseCidr);
  if (!ranges.every((range) => range !== undefined)) return undefined;
  return {
    keys: [],
    test: (value) => {
      const address = parseIp(value);
      return address !== undefined && ranges.some((range) => range.contains(address));
    },
  };
};

const numbers = (holds: (a: number, b: number) => boolean): Compiler => comparing(parseNumber, holds);
const dates = (holds: (a: number, b: number) => boolean): Compiler => comparing(parseDate, holds);
const equal = <T>(a: T, b: T): boolean => a === b;

/** Every operator but Null, by its exact name without prefix and suffix. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['StringEquals', { family: 'String', negated: false, compile: strings(false, false) }],
  ['StringNotEquals', { family: 'String', negated: true, compile: strings(false, false) }],
  ['StringEqualsIgnoreCase', { family: 'String', negated: false, compile: strings(false, true) }],
  ['StringNotEqualsIgnoreCase', { family: 'String', negated: true, compile: strings(false, true) }],
  ['StringLike', { family: 'String', negated: false, compile: strings(true, false) }],
  ['StringNotLike', { family: 'String', negated: true, compile: strings(true, false) }],
  ['NumericEquals', { family: 'Numeric', negated: false, compile: numbers(equal) }],
  ['NumericNotEquals', { family: 'Numeric', negated: true, compile: numbers(equal) }],
  ['NumericLessThan', { family: 'Numeric', negated: false, compile: numbers((a, b) => a < b) }],
  ['NumericLessThanEquals', { family: 'Numeric', negated: false, compile: numbers((a, b) => a <= b) }],
  ['NumericGreaterThan', { family: 'Numeric', negated: false, compile: numbers((a, b) => a > b) }],
  ['NumericGreaterThanEquals', { family: 'Numeric', negated: false, compile: numbers((a, b) => a >= b) }],
  ['DateEquals', { family: 'Date', negated: false, compile: dates(equal) }],
  ['DateNotEquals', { family: 'Date', negated: true, compile: dates(equal) }],
  ['DateLessThan', { family: 'Date', negated: false, compile: dates((a, b) => a < b) }],
  ['DateLessThanEquals', { family: 'Date', negated: false, compile: dates((a, b) => a <= b) }],
  ['DateGreaterThan', { family: 'Date', negated: false, compile: dates((a, b) => a > b) }],
  ['DateGreaterThanEquals', { family: 'Date', negated: false, compile: dates((a, b) => a >= b) }],
  ['Bool', { family: 'Bool', negated: false, compile: comparing(parseBoolean, equal) }],
  ['BinaryEquals', { family: 'Binary', negated: false, compile: comparing(parseBase64, equal) }],
  ['IpAddress', { family: 'Ip', negated: false, compile: addresses }],
  ['NotIpAddress', { family: 'Ip', negated: true, compile: addresses }],
  ['ArnEquals', { family: 'Arn', negated: false, compile: arns }],
  ['ArnLike', { family: 'Arn', negated: false, compile: arns }],
  ['ArnNotEquals', { family: 'Arn', negated: true, compile: arns }],
  ['ArnNotLike', { family: 'Arn', negated: true, compile: arns }],
]);
