import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { accountOf } from '../iam/account-of.ts';
import { cutPage, pageOf } from '../iam/paging.ts';
import { named } from '../users/named-or-caller.ts';
import { findUser } from '../users/user-row.ts';

const list = sql(
  'identity.userPolicies.list',
  'SELECT policy_name FROM user_policies WHERE user_id = $1 AND policy_name > $2 ORDER BY policy_name LIMIT $3',
);

/** In the order of their names. @throws Fault `NoSuchEntity`, `ValidationError` */
export async function listUserPolicies(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const accountId = accountOf(message.caller);
  const asked = named(message);
  const page = pageOf(message.input);
  const user = await findUser(deps.database, accountId, asked);
  const found = await deps.database.query<{ policy_name: string }>(list, [user.user_id, page.after, page.maxItems + 1]);
  const { rows, rest } = cutPage(page, found, (row) => row.policy_name);
  return { output: { PolicyNames: rows.map((row) => row.policy_name), ...rest } };
}
