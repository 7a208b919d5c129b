import { handle, type Registration } from '@coffer/bus';
import { audit, identity, status as statusContracts } from '@coffer/contracts';
import { createAccessKey } from './access-keys/create-access-key.ts';
import { deleteAccessKey } from './access-keys/delete-access-key.ts';
import { listAccessKeys } from './access-keys/list-access-keys.ts';
import { updateAccessKey } from './access-keys/update-access-key.ts';
import { createAccount } from './accounts/create-account.ts';
import { firstAccount } from './accounts/first-account.ts';
import { listAccounts } from './accounts/list-accounts.ts';
import type { Deps } from './deps.ts';
import { lease } from './epochs/lease.ts';
import { pending } from './outbox/pending.ts';
import { settle } from './outbox/settle.ts';
import { getCallerIdentity } from './principals/get-caller-identity.ts';
import { resolveKey } from './principals/resolve-key.ts';
import { resolvePrincipals } from './principals/resolve-principals.ts';
import { userArn } from './principals/user-arn.ts';
import { verifySigV2 } from './principals/verify-sigv2.ts';
import { status } from './status.ts';
import { deleteUserPolicy } from './user-policies/delete-user-policy.ts';
import { getUserPolicy } from './user-policies/get-user-policy.ts';
import { listUserPolicies } from './user-policies/list-user-policies.ts';
import { putUserPolicy } from './user-policies/put-user-policy.ts';
import { createUser } from './users/create-user.ts';
import { deleteUser } from './users/delete-user.ts';
import { getUser } from './users/get-user.ts';
import { listUsers } from './users/list-users.ts';
import { updateUser } from './users/update-user.ts';

const iam = identity.identityOperations;

/** Every call that identity answers. */
export function operations(deps: Deps): Registration[] {
  return [
    handle(identity.lease, (message) => lease(deps, message)),
    handle(identity.resolveKey, (message) => resolveKey(deps, message)),
    handle(identity.verifySigV2, (message) => verifySigV2(deps, message)),
    handle(identity.resolvePrincipals, (message) => resolvePrincipals(deps, message)),
    handle(identity.userArn, (message) => userArn(deps, message)),
    handle(identity.createAccount, (message) => createAccount(deps, message)),
    handle(identity.listAccounts, () => listAccounts(deps)),
    handle(identity.firstAccount, () => firstAccount(deps)),

    handle(iam.CreateUser, (message) => createUser(deps, message)),
    handle(iam.GetUser, (message) => getUser(deps, message)),
    handle(iam.ListUsers, (message) => listUsers(deps, message)),
    handle(iam.UpdateUser, (message) => updateUser(deps, message)),
    handle(iam.DeleteUser, (message) => deleteUser(deps, message)),
    handle(iam.CreateAccessKey, (message) => createAccessKey(deps, message)),
    handle(iam.ListAccessKeys, (message) => listAccessKeys(deps, message)),
    handle(iam.UpdateAccessKey, (message) => updateAccessKey(deps, message)),
    handle(iam.DeleteAccessKey, (message) => deleteAccessKey(deps, message)),
    handle(iam.PutUserPolicy, (message) => putUserPolicy(deps, message)),
    handle(iam.GetUserPolicy, (message) => getUserPolicy(deps, message)),
    handle(iam.ListUserPolicies, (message) => listUserPolicies(deps, message)),
    handle(iam.DeleteUserPolicy, (message) => deleteUserPolicy(deps, message)),
    handle(iam.GetCallerIdentity, (message) => getCallerIdentity(message)),

    handle(audit.outboxes.identity.pending, (message) => pending(deps, message)),
    handle(audit.outboxes.identity.settle, (message) => settle(deps, message)),
    handle(statusContracts.identity, () => status(deps)),
  ];
}
