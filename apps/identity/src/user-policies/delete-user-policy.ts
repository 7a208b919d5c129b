import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { noSuchUserPolicy } from '../iam/errors.ts';
import { requiredName } from '../iam/input.ts';
import { mutate } from '../iam/mutate.ts';
import { named } from '../users/named-or-caller.ts';
import { lockUser } from '../users/user-row.ts';

const remove = sql('identity.userPolicy.delete', 'DELETE FROM user_policies WHERE user_id = $1 AND policy_name = $2');

/** @throws Fault `NoSuchEntity`, `ValidationError` */
export async function deleteUserPolicy(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const asked = named(message);
  const policyName = requiredName(message.input, 'PolicyName');
  return await mutate(deps, message, async (tx, accountId) => {
    const user = await lockUser(tx, accountId, asked);
    if ((await tx.execute(remove, [user.user_id, policyName])) === 0) throw noSuchUserPolicy(policyName);
    return {};
  });
}
