import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { noSuchAccessKey } from '../iam/errors.ts';
import { constraint, MAX_NAME, requiredAccessKeyId, requiredText } from '../iam/input.ts';
import { mutate } from '../iam/mutate.ts';
import { namedOrCaller } from '../users/named-or-caller.ts';
import { lockHolder } from './holder.ts';

const update = sql(
  'identity.accessKey.update',
  `UPDATE access_keys SET active = $4
    WHERE access_key_id = $1 AND account_id = $2 AND user_id IS NOT DISTINCT FROM $3::text`,
);

/** @throws Fault `NoSuchEntity`, `ValidationError` */
export async function updateAccessKey(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const asked = namedOrCaller(message);
  const accessKeyId = requiredAccessKeyId(message.input);
  const status = requiredText(message.input, 'Status', MAX_NAME);
  if (status !== 'Active' && status !== 'Inactive') {
    throw constraint(status, 'Status', 'Member must satisfy enum value set: [Active, Inactive]');
  }
  return await mutate(deps, message, async (tx, accountId) => {
    const holder = await lockHolder(tx, accountId, asked);
    const updated = await tx.execute(update, [accessKeyId, accountId, holder.userId, status === 'Active']);
    if (updated === 0) throw noSuchAccessKey(accessKeyId);
    return {};
  });
}
