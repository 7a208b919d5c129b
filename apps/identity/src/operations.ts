import { handle, type Registration } from '@coffer/bus';
import { audit, identity, status as statusContracts } from '@coffer/contracts';
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
import { verifySigV2 } from './principals/verify-sigv2.ts';
import { status } from './status.ts';

const iam = identity.identityOperations;

/** Every call that identity answers. */
export function operations(deps: Deps): Registration[] {
  return [
    handle(identity.lease, (message) => lease(deps, message)),
    handle(identity.resolveKey, (message) => resolveKey(deps, message)),
    handle(identity.verifySigV2, (message) => verifySigV2(deps, message)),
    handle(identity.resolvePrincipals, (message) => resolvePrincipals(deps, message)),
    handle(identity.createAccount, (message) => createAccount(deps, message)),
    handle(identity.listAccounts, () => listAccounts(deps)),
    handle(identity.firstAccount, () => firstAccount(deps)),

    handle(iam.GetCallerIdentity, (message) => getCallerIdentity(message)),

    handle(audit.outboxes.identity.pending, (message) => pending(deps, message)),
    handle(audit.outboxes.identity.settle, (message) => settle(deps, message)),
    handle(statusContracts.identity, () => status(deps)),
  ];
}
