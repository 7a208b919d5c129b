import { sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Deps } from '../deps.ts';
import { commitChange } from '../epochs/change.ts';
import { ACCOUNT_COLUMNS, type AccountRow } from './account-row.ts';
import { insertAccount, newAccount } from './insert-account.ts';

registerFailpoints('identity.firstAccount.committed');

/** What the operator's configuration says about the first account. */
export interface FirstAccountConfig {
  readonly name: string;
  /** Access key of the root user; made at random when absent. */
  readonly rootKey?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const find = sql('identity.firstAccount.find', `SELECT ${ACCOUNT_COLUMNS} FROM accounts WHERE is_first`);
const lock = sql(
  'identity.firstAccount.lock',
  `SELECT pg_advisory_xact_lock(hashtextextended('coffer.identity.firstAccount', 0))`,
);

/**
 * The first account, made when there is none: exactly once, however many replicas start at the same time.
 * It takes no right away from anybody, so it does not wait for leases.
 */
export async function ensureFirstAccount(deps: Deps): Promise<AccountRow> {
  const known = await findFirst(deps);
  if (known !== undefined) return known;
  const key = await deps.serviceKey.get();
  const { name, rootKey } = deps.firstAccount;
  const account = newAccount(key, { name, first: true }, rootKey);
  await commitChange(deps, account.accountId, async (tx) => {
    await tx.execute(lock);
    const rows = await tx.query(find);
    if (rows.length === 0) await insertAccount(tx, account);
  });
  failpoint('identity.firstAccount.committed');
  return (await findFirst(deps)) as AccountRow;
}

async function findFirst(deps: Deps): Promise<AccountRow | undefined> {
  return (await deps.database.query<AccountRow>(find))[0];
}
