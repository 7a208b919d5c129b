import { forward } from '../perform/forward.ts';
import type { NeedsInput, Operation } from './operation.ts';

/** The user that an operation is about; the caller itself when the request names none. */
function onUser(action: string): Operation['needs'] {
  return ({ input, accountId, arn }: NeedsInput) => {
    const name = input['UserName'];
    const path = typeof input['Path'] === 'string' ? input['Path'] : '/';
    const resource = typeof name === 'string' ? `arn:aws:iam::${accountId}:user${action === 'iam:CreateUser' ? path : '/'}${name}` : arn;
    return [{ action, resource }];
  };
}

function read(name: string, needs: Operation['needs']): Operation {
  return { api: 'iam', name, mutates: false, bucket: 'none', needs, perform: forward(name, false) };
}

function change(name: string): Operation {
  return { api: 'iam', name, mutates: true, bucket: 'none', needs: onUser(`iam:${name}`), perform: forward(name, true) };
}

/** IAM and STS operations, with their permissions. */
export const identityOperations: readonly Operation[] = [
  change('CreateUser'),
  read('GetUser', onUser('iam:GetUser')),
  read('ListUsers', ({ accountId }) => [{ action: 'iam:ListUsers', resource: `arn:aws:iam::${accountId}:user/` }]),
  change('UpdateUser'),
  change('DeleteUser'),
  change('CreateAccessKey'),
  read('ListAccessKeys', onUser('iam:ListAccessKeys')),
  change('UpdateAccessKey'),
  change('DeleteAccessKey'),
  change('PutUserPolicy'),
  read('GetUserPolicy', onUser('iam:GetUserPolicy')),
  read('ListUserPolicies', onUser('iam:ListUserPolicies')),
  change('DeleteUserPolicy'),
  // Allowed to everybody who is authenticated, even under an explicit deny.
  { api: 'sts', name: 'GetCallerIdentity', mutates: false, bucket: 'none', needs: () => [], perform: forward('GetCallerIdentity', false) },
];
