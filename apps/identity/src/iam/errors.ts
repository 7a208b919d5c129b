import { Fault } from '@coffer/contracts';

/** The errors of IAM, with its status codes and words. */
export function validationError(message: string): Fault {
  return new Fault('ValidationError', message, { status: 400 });
}

export function invalidInput(message: string): Fault {
  return new Fault('InvalidInput', message, { status: 400 });
}

export function malformedPolicyDocument(message: string): Fault {
  return new Fault('MalformedPolicyDocument', message, { status: 400 });
}

export function noSuchEntity(message: string): Fault {
  return new Fault('NoSuchEntity', message, { status: 404 });
}

export function noSuchUser(userName: string): Fault {
  return noSuchEntity(`The user with name ${userName} cannot be found.`);
}

export function noSuchAccessKey(accessKeyId: string): Fault {
  return noSuchEntity(`The Access Key with id ${accessKeyId} cannot be found.`);
}

export function noSuchUserPolicy(policyName: string): Fault {
  return noSuchEntity(`The user policy with name ${policyName} cannot be found.`);
}

export function userAlreadyExists(userName: string): Fault {
  return new Fault('EntityAlreadyExists', `User with name ${userName} already exists.`, { status: 409 });
}

/** The user is not at the ARN any more under which the caller's permission was judged. */
export function concurrentModification(userName: string): Fault {
  const message = `The user with name ${userName} was changed at the same time. Submit the request again.`;
  return new Fault('ConcurrentModification', message, { status: 409 });
}

/** @param what has to go first, for example `policies`. */
export function deleteConflict(what: string): Fault {
  return new Fault('DeleteConflict', `Cannot delete entity, must delete ${what} first.`, { status: 409 });
}

export function limitExceeded(message: string): Fault {
  return new Fault('LimitExceeded', message, { status: 409 });
}
