import type { identity, ReplyOf } from '@coffer/contracts';
import type { Deps } from '../deps.ts';
import { accountFactsOf } from './account-row.ts';
import { ensureFirstAccount } from './ensure-first-account.ts';
import { rootKeyOf } from './root-key-of.ts';

/** The first account with a key of its root user. @throws Fault `Unavailable`, `NoSuchEntity` */
export async function firstAccount(deps: Deps): Promise<ReplyOf<typeof identity.firstAccount>> {
  const account = await ensureFirstAccount(deps);
  return { ...accountFactsOf(account), ...(await rootKeyOf(deps, account)) };
}
