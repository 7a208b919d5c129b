import type { identity, ReplyOf } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { ACCOUNT_COLUMNS, accountFactsOf, type AccountRow } from './account-row.ts';

const list = sql('identity.accounts.list', `SELECT ${ACCOUNT_COLUMNS} FROM accounts ORDER BY created_at, account_id`);

/** Every account, the oldest first. */
export async function listAccounts(deps: Deps): Promise<ReplyOf<typeof identity.listAccounts>> {
  const rows = await deps.database.query<AccountRow>(list);
  return { accounts: rows.map(accountFactsOf) };
}
