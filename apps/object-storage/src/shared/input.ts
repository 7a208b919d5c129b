import { s3Error } from '@coffer/contracts';

/*
 * Reads members of a forwarded operation's input. The gateway has read them by AWS's schema, so a wrong type is a
 * mistake between services; it is treated as absent rather than trusted.
 */
export type Input = Record<string, unknown>;

export function text(input: Input, member: string): string | undefined {
  const value = input[member];
  return typeof value === 'string' ? value : undefined;
}

export function requiredText(input: Input, member: string): string {
  const value = text(input, member);
  if (value === undefined) throw s3Error('InvalidRequest', {}, { message: `Missing ${member}` });
  return value;
}

export function structure(input: Input, member: string): Input | undefined {
  const value = input[member];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Input) : undefined;
}

export function list(input: Input, member: string): unknown[] {
  const value = input[member];
  return Array.isArray(value) ? value : [];
}

export function texts(input: Input, member: string): string[] {
  return list(input, member).filter((value): value is string => typeof value === 'string');
}

const MAX_INT32 = 2 ** 31 - 1;

/**
 * A count such as max-keys: absent means the most, larger ones are cut to it.
 * @throws Fault InvalidArgument for what is negative, no whole number, or beyond 32 bits
 */
export function count(input: Input, member: string, name: string, most: number, least = 0): number {
  const value = input[member];
  if (value === undefined || value === null) return most;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > MAX_INT32) {
    const range = least === 0 ? `between 0 and ${MAX_INT32}` : `between ${least} and ${most}`;
    throw s3Error(
      'InvalidArgument',
      { ArgumentName: name, ArgumentValue: JSON.stringify(value) },
      { message: `Argument ${name} must be an integer ${range}` },
    );
  }
  return Math.min(value, most);
}
