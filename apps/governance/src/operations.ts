import { handle, type Registration } from '@coffer/bus';
import { governance, status as statusContracts } from '@coffer/contracts';
import type { Deps } from './deps.ts';
import { grantDeletion } from './gate/grant-deletion.ts';
import { pendingGrants } from './gate/pending-grants.ts';
import { settleGrants } from './gate/settle-grants.ts';
import { status } from './status.ts';

/** Every call that governance answers. */
export function operations(deps: Deps): Registration[] {
  return [
    handle(governance.grantDeletion, (message) => grantDeletion(deps, message)),
    handle(governance.pendingGrants, (message) => pendingGrants(deps, message)),
    handle(governance.settleGrants, (message) => settleGrants(deps, message)),
    handle(statusContracts.governance, () => status(deps)),
  ];
}
