import { identity } from '@coffer/contracts';
import type { Sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Deps } from '../deps.ts';
import { raiseEpoch } from './raise-epoch.ts';

registerFailpoints('identity.change.committed', 'identity.change.published', 'identity.change.reached');

/**
 * Carries out a change of an account and raises the epoch with it, in one transaction.
 * @param after runs last in the transaction and gets the new epoch.
 */
export function commitChange<T>(
  deps: Deps,
  accountId: string,
  work: (tx: Sql) => Promise<T>,
  after: (tx: Sql, result: T, epoch: number) => Promise<void> = async () => undefined,
): Promise<{ result: T; epoch: number }> {
  return deps.database.transaction(async (tx) => {
    const result = await work(tx);
    const epoch = await raiseEpoch(tx, accountId);
    await after(tx, result, epoch);
    return { result, epoch };
  });
}

/** After the commit: returns when no gateway trusts anything older than the epoch. May be called again after a crash. */
export async function announce(deps: Deps, epoch: number): Promise<void> {
  failpoint('identity.change.committed');
  deps.bus.publish(identity.changed, { epoch });
  failpoint('identity.change.published');
  await deps.leases.reached(epoch);
  failpoint('identity.change.reached');
}
