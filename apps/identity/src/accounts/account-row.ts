import type { AccountFacts } from '@coffer/contracts';

export interface AccountRow {
  account_id: string;
  name: string;
  canonical_id: string;
  initial_access_key_id: string;
  created_at: Date;
}

export const ACCOUNT_COLUMNS = 'account_id, name, canonical_id, initial_access_key_id, created_at';

export function accountFactsOf(row: AccountRow): AccountFacts {
  return {
    accountId: row.account_id,
    name: row.name,
    canonicalId: row.canonical_id,
    createdAt: row.created_at.getTime(),
  };
}
