import type { z } from 'zod';

/** Everything that is wrong with the environment, one line per variable. Values are never shown: they may be secret. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

function problemOf(issue: z.core.$ZodIssue, env: Map<string, string>): string {
  const [variable, ...rest] = issue.path.map(String);
  if (variable === undefined) return issue.message;
  const value = env.get(variable);
  if (value === undefined) return `${variable} is not set`;
  // A schema's own message may quote what it was given.
  const message = issue.message.includes(value) ? 'is not valid' : issue.message;
  return `${variable}${rest.length > 0 ? ` (${rest.join('.')})` : ''}: ${message}`;
}

/**
 * Reads the environment once into a typed object. An empty variable counts as not set.
 *
 * @throws ConfigError that lists all mistakes.
 */
export function loadConfig<Schema extends z.ZodType>(schema: Schema, env: NodeJS.ProcessEnv): z.infer<Schema> {
  const set = new Map(Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1])));
  const parsed = schema.safeParse(Object.fromEntries(set));
  if (parsed.success) return parsed.data;
  throw new ConfigError(parsed.error.issues.map((issue) => problemOf(issue, set)));
}
