/** One rule as AWS's schema names its members. */
export interface CorsRule {
  readonly AllowedOrigins?: readonly string[];
  readonly AllowedMethods?: readonly string[];
  readonly AllowedHeaders?: readonly string[];
  readonly ExposeHeaders?: readonly string[];
  readonly MaxAgeSeconds?: number;
}

export interface CorsQuestion {
  readonly origin: string;
  readonly method: string;
  /** Lower case; empty for an actual request. */
  readonly headers: readonly string[];
}

/** Equal, or equal around the pattern's one `*`. */
function fits(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === text;
  return (
    text.length >= pattern.length - 1 &&
    text.startsWith(pattern.slice(0, star)) &&
    text.endsWith(pattern.slice(star + 1))
  );
}

/** The first rule that allows the question; S3 looks no further. */
export function matchRule(rules: readonly CorsRule[], question: CorsQuestion): CorsRule | undefined {
  return rules.find(
    (rule) =>
      rule.AllowedOrigins?.some((pattern) => fits(pattern, question.origin)) &&
      rule.AllowedMethods?.includes(question.method) &&
      question.headers.every((header) => rule.AllowedHeaders?.some((pattern) => fits(pattern.toLowerCase(), header))),
  );
}

export const VARY = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method';

/** Headers that let the browser of `question.origin` use the answer. */
export function corsHeaders(rule: CorsRule, question: CorsQuestion): Record<string, string> {
  const anybody = rule.AllowedOrigins?.includes('*') === true;
  return {
    'Access-Control-Allow-Origin': anybody ? '*' : question.origin,
    ...(anybody ? {} : { 'Access-Control-Allow-Credentials': 'true' }),
    'Access-Control-Allow-Methods': (rule.AllowedMethods ?? []).join(', '),
    ...(question.headers.length > 0 ? { 'Access-Control-Allow-Headers': question.headers.join(', ') } : {}),
    ...(rule.ExposeHeaders?.length ? { 'Access-Control-Expose-Headers': rule.ExposeHeaders.join(', ') } : {}),
    ...(rule.MaxAgeSeconds === undefined ? {} : { 'Access-Control-Max-Age': String(rule.MaxAgeSeconds) }),
    Vary: VARY,
  };
}
