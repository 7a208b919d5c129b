import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import { IAM_POLICY_QUOTAS } from '@coffer/iam-policy';
import type { Deps } from '../deps.ts';
import { requiredName } from '../iam/input.ts';
import { mutate } from '../iam/mutate.ts';
import { named } from '../users/named-or-caller.ts';
import { lockUser } from '../users/user-row.ts';
import { policiesTooLarge, readDocument } from './read-document.ts';

const sizeOfOthers = sql(
  'identity.userPolicies.size',
  'SELECT coalesce(sum(size), 0)::bigint AS size FROM user_policies WHERE user_id = $1 AND policy_name <> $2',
);
const put = sql(
  'identity.userPolicy.put',
  `INSERT INTO user_policies (user_id, policy_name, document, size) VALUES ($1, $2, $3, $4)
   ON CONFLICT (user_id, policy_name) DO UPDATE SET document = EXCLUDED.document, size = EXCLUDED.size`,
);

/** @throws Fault `NoSuchEntity`, `MalformedPolicyDocument`, `LimitExceeded`, `ValidationError` */
export async function putUserPolicy(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const asked = named(message);
  const policyName = requiredName(message.input, 'PolicyName');
  const { text, size } = readDocument(message.input, policyName, asked.userName);
  return await mutate(deps, message, async (tx, accountId) => {
    const { user_id: userId } = await lockUser(tx, accountId, asked);
    const rows = await tx.query<{ size: number }>(sizeOfOthers, [userId, policyName]);
    if ((rows[0] as { size: number }).size + size > IAM_POLICY_QUOTAS.inlineUser)
      throw policiesTooLarge(asked.userName);
    await tx.execute(put, [userId, policyName, text, size]);
    return {};
  });
}
