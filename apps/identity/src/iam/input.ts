import type { Forwarded } from '@coffer/contracts';
import { validationError } from './errors.ts';

type Input = Forwarded['input'];

/** Longest name of a new user. Existing ones may be asked for by up to {@link MAX_NAME} characters. */
export const MAX_NEW_USER_NAME = 64;
export const MAX_NAME = 128;
const MAX_PATH = 512;
const MIN_ACCESS_KEY_ID = 16;

const NAME = /^[\w+=,.@-]+$/;
const PATH = /^\/(?:[!-~]+\/)?$/;
const PATH_PREFIX = /^\/[!-~]*$/;
const ACCESS_KEY_ID = /^\w+$/;

/** AWS's words for a member that breaks a constraint of the schema. */
export function constraint(
  value: string | number | undefined,
  member: string,
  rule: string,
): ReturnType<typeof validationError> {
  const shown = value === undefined ? 'null' : `'${value}'`;
  const at = member.charAt(0).toLowerCase() + member.slice(1);
  return validationError(
    `1 validation error detected: Value ${shown} at '${at}' failed to satisfy constraint: ${rule}`,
  );
}

/**
 * A text member within its length, or undefined when it is absent.
 * @throws Fault `ValidationError`
 */
export function optionalText(input: Input, member: string, max: number, min = 1): string | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw constraint(undefined, member, 'Member must be a string');
  if (value.length < min) throw constraint(value, member, `Member must have length greater than or equal to ${min}`);
  if (value.length > max) {
    throw constraint(value.slice(0, max), member, `Member must have length less than or equal to ${max}`);
  }
  return value;
}

export function requiredText(input: Input, member: string, max: number, min = 1): string {
  const value = optionalText(input, member, max, min);
  if (value === undefined) throw constraint(value, member, 'Member must not be null');
  return value;
}

/** Whether a user or policy can have this name. */
export function isName(value: string): boolean {
  return value.length <= MAX_NAME && NAME.test(value);
}

/** Name of a user or policy. */
export function optionalName(input: Input, member: string, max: number = MAX_NAME): string | undefined {
  const value = optionalText(input, member, max);
  if (value === undefined || NAME.test(value)) return value;
  throw validationError(
    `The specified value for ${member.charAt(0).toLowerCase()}${member.slice(1)} is invalid. ` +
      'It must contain only alphanumeric characters and/or the following: +=,.@_-',
  );
}

export function requiredName(input: Input, member: string, max: number = MAX_NAME): string {
  const value = optionalName(input, member, max);
  if (value === undefined) throw constraint(value, member, 'Member must not be null');
  return value;
}

export function optionalPath(input: Input, member: string): string | undefined {
  const value = optionalText(input, member, MAX_PATH);
  if (value === undefined || PATH.test(value)) return value;
  throw validationError(
    `The specified value for ${member.charAt(0).toLowerCase()}${member.slice(1)} is invalid. ` +
      'It must begin and end with / and contain only alphanumeric characters and/or / characters.',
  );
}

export function pathPrefix(input: Input): string {
  const value = optionalText(input, 'PathPrefix', MAX_PATH) ?? '/';
  if (PATH_PREFIX.test(value)) return value;
  throw validationError(
    'The specified value for pathPrefix is invalid. ' +
      'It must begin with / and contain only alphanumeric characters and/or / characters.',
  );
}

export function requiredAccessKeyId(input: Input): string {
  const value = requiredText(input, 'AccessKeyId', MAX_NAME, MIN_ACCESS_KEY_ID);
  if (ACCESS_KEY_ID.test(value)) return value;
  throw constraint(value, 'AccessKeyId', String.raw`Member must satisfy regular expression pattern: [\w]+`);
}
