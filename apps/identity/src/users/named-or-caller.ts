import type { Forwarded } from '@coffer/contracts';
import { validationError } from '../iam/errors.ts';
import { optionalName, requiredName } from '../iam/input.ts';
import type { UserRef } from './user-row.ts';

/** The user that the input must name. @throws Fault `ValidationError` */
export function named(message: Forwarded): UserRef {
  return { userName: requiredName(message.input, 'UserName'), judgedArn: message.userArn };
}

/**
 * The user that the input names; without a name it is the caller: a user, or `root` for the account's root user.
 * @throws Fault `ValidationError`
 */
export function namedOrCaller(message: Forwarded): UserRef | 'root' {
  const userName = optionalName(message.input, 'UserName');
  const judgedArn = message.userArn;
  if (userName !== undefined) return { userName, judgedArn };
  const { principal } = message.caller;
  if (principal.kind === 'root') return 'root';
  if (principal.kind !== 'user') throw validationError('Must specify userName when calling with non-User credentials');
  return { userId: principal.userId, userName: principal.userName ?? principal.userId, judgedArn };
}
