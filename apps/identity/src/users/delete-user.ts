import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { deleteConflict } from '../iam/errors.ts';
import { mutate } from '../iam/mutate.ts';
import { named } from './named-or-caller.ts';
import { lockUser } from './user-row.ts';

const remains = sql(
  'identity.user.remains',
  `SELECT EXISTS (SELECT FROM access_keys WHERE account_id = $2 AND user_id = $1) AS keys,
          EXISTS (SELECT FROM user_policies WHERE user_id = $1) AS policies`,
);
const remove = sql('identity.user.delete', 'DELETE FROM users WHERE user_id = $1');

/** @throws Fault `NoSuchEntity`; `DeleteConflict` while it has access keys or policies. */
export async function deleteUser(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const asked = named(message);
  return await mutate(deps, message, async (tx, accountId) => {
    const { user_id: userId } = await lockUser(tx, accountId, asked);
    const rows = await tx.query<{ keys: boolean; policies: boolean }>(remains, [userId, accountId]);
    if (rows[0]?.keys) throw deleteConflict('access keys');
    if (rows[0]?.policies) throw deleteConflict('policies');
    await tx.execute(remove, [userId]);
    return {};
  });
}
