import { ANY_RUN, compileGlob, globTokens } from './glob.ts';
import type { GlobToken, Matcher } from './glob.ts';

/** `${key}` or `${key, 'fallback'}`; the key is in lower case. */
export interface VariableReference {
  readonly key: string;
  readonly fallback: string | undefined;
}

/** Literal text, a wildcard, or a variable. */
export type TemplatePart = GlobToken | VariableReference;

/** Finds the single value of a condition key, for variables. */
export interface VariableSource {
  /** The value, or undefined when the key is absent or has several values. */
  variable(key: string): string | undefined;
}

/** How a policy text is to be read. */
export interface TemplateOptions {
  /** `*` and `?` are wildcards. */
  readonly wildcards: boolean;
  /** `${…}` is a variable (Version 2012-10-17). */
  readonly variables: boolean;
}

/** Splits a text into literals, wildcards and variables. What is not a well-formed variable is literal text. */
export function parseTemplate(text: string, options: TemplateOptions): TemplatePart[] {
  const literals = (piece: string): TemplatePart[] => {
    if (piece === '') return [];
    return options.wildcards ? globTokens(piece) : [piece];
  };
  if (!options.variables) return literals(text);
  const parts: TemplatePart[] = [];
  let from = 0;
  let at = text.indexOf('${');
  while (at >= 0) {
    const variable = readVariable(text, at);
    if (variable === undefined) {
      at = text.indexOf('${', at + 2);
      continue;
    }
    parts.push(...literals(text.slice(from, at)), variable.part);
    from = variable.end;
    at = text.indexOf('${', from);
  }
  parts.push(...literals(text.slice(from)));
  return parts;
}

/** Reads the variable that begins at `at`; `end` is the index behind its brace. */
function readVariable(text: string, at: number): { part: TemplatePart; end: number } | undefined {
  const close = text.indexOf('}', at);
  if (close < 0) return undefined;
  const body = text.slice(at + 2, close);
  if (body === '*' || body === '?' || body === '$') return { part: body, end: close + 1 };
  const comma = body.indexOf(',');
  if (comma < 0) {
    const key = body.trim().toLowerCase();
    return key === '' ? undefined : { part: { key, fallback: undefined }, end: close + 1 };
  }
  // The fallback may hold a brace, so its closing quote is looked for in the whole text.
  const key = body.slice(0, comma).trim().toLowerCase();
  const open = text.indexOf("'", at + 2 + comma);
  if (key === '' || open < 0 || text.slice(at + 3 + comma, open).trim() !== '') return undefined;
  const quote = text.indexOf("'", open + 1);
  const brace = quote < 0 ? -1 : text.indexOf('}', quote);
  if (brace < 0 || text.slice(quote + 1, brace).trim() !== '') return undefined;
  return { part: { key, fallback: text.slice(open + 1, quote) }, end: brace + 1 };
}

/** Whether a part is a variable. */
export function isVariable(part: TemplatePart): part is VariableReference {
  return typeof part === 'object';
}

/** Puts values in place of variables, as literal text; undefined when one has no value. */
export function resolveTemplate(parts: readonly TemplatePart[], source: VariableSource): GlobToken[] | undefined {
  const tokens: GlobToken[] = [];
  for (const part of parts) {
    if (!isVariable(part)) {
      tokens.push(part);
      continue;
    }
    const value = source.variable(part.key) ?? part.fallback;
    if (value === undefined) return undefined;
    tokens.push(value);
  }
  return tokens;
}

/** The pattern with every variable taken as `*`: everything it could ever match, and more. */
export function widest(parts: readonly TemplatePart[]): GlobToken[] {
  return parts.map((part) => (isVariable(part) ? ANY_RUN : part));
}

/** Whether the pattern is one fixed text. */
export function isFixed(parts: readonly TemplatePart[]): parts is readonly string[] {
  return parts.every((part) => typeof part === 'string');
}

/** Says whether a text matches; undefined when a variable has no value, so that nothing can match. */
export type TemplateMatcher = (text: string, source: VariableSource) => boolean | undefined;

/** Makes a matcher; without variables all work is done here. */
export function compileTemplate(parts: readonly TemplatePart[], ignoreCase = false): TemplateMatcher {
  if (!parts.some(isVariable)) {
    const matches = compileTokens(parts as readonly GlobToken[], ignoreCase);
    return (text) => matches(text);
  }
  // Most texts fail whatever the variables hold; that is found out without making a matcher each time.
  const possible = compileTokens(widest(parts), ignoreCase);
  return (text, source) => {
    const tokens = resolveTemplate(parts, source);
    if (tokens === undefined) return undefined;
    return possible(text) && compileTokens(tokens, ignoreCase)(text);
  };
}

function compileTokens(tokens: readonly GlobToken[], ignoreCase: boolean): Matcher {
  if (!ignoreCase) return compileGlob(tokens);
  const matches = compileGlob(tokens.map((token) => (typeof token === 'string' ? token.toLowerCase() : token)));
  return (text) => matches(text.toLowerCase());
}

/** Splits a pattern at the first `limit - 1` colons of its own text; colons inside values do not count. */
export function splitTemplate(parts: readonly TemplatePart[], limit: number): TemplatePart[][] {
  const segments: TemplatePart[][] = [[]];
  const last = (): TemplatePart[] => segments[segments.length - 1] as TemplatePart[];
  for (const part of parts) {
    if (typeof part !== 'string') {
      last().push(part);
      continue;
    }
    let rest = part;
    while (segments.length < limit) {
      const colon = rest.indexOf(':');
      if (colon < 0) break;
      if (colon > 0) last().push(rest.slice(0, colon));
      segments.push([]);
      rest = rest.slice(colon + 1);
    }
    if (rest !== '') last().push(rest);
  }
  return segments;
}

/** Splits an ARN into its six parts; undefined when it has fewer. */
export function splitArn(arn: string): string[] | undefined {
  const segments: string[] = [];
  let from = 0;
  for (let i = 0; i < 5; i += 1) {
    const colon = arn.indexOf(':', from);
    if (colon < 0) return undefined;
    segments.push(arn.slice(from, colon));
    from = colon + 1;
  }
  segments.push(arn.slice(from));
  return segments;
}
