import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { accountOf } from '../iam/account-of.ts';
import { pathPrefix } from '../iam/input.ts';
import { cutPage, pageOf } from '../iam/paging.ts';
import { USER_COLUMNS, userOf, type UserRow } from './user-row.ts';

const list = sql(
  'identity.users.list',
  `SELECT ${USER_COLUMNS} FROM users
    WHERE account_id = $1 AND user_name > $2 AND starts_with(path, $3)
    ORDER BY user_name LIMIT $4`,
);

/** In the order of their names. @throws Fault `ValidationError` */
export async function listUsers(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const accountId = accountOf(message.caller);
  const prefix = pathPrefix(message.input);
  const page = pageOf(message.input);
  const found = await deps.database.query<UserRow>(list, [accountId, page.after, prefix, page.maxItems + 1]);
  const { rows, rest } = cutPage(page, found, (row) => row.user_name);
  return { output: { Users: rows.map((row) => userOf(row, { tags: false })), ...rest } };
}
