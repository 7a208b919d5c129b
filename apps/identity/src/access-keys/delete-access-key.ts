import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { noSuchAccessKey } from '../iam/errors.ts';
import { requiredAccessKeyId } from '../iam/input.ts';
import { mutate } from '../iam/mutate.ts';
import { namedOrCaller } from '../users/named-or-caller.ts';
import { lockHolder } from './holder.ts';

const remove = sql(
  'identity.accessKey.delete',
  `DELETE FROM access_keys
    WHERE access_key_id = $1 AND account_id = $2 AND user_id IS NOT DISTINCT FROM $3::text`,
);

/** @throws Fault `NoSuchEntity` */
export async function deleteAccessKey(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const asked = namedOrCaller(message);
  const accessKeyId = requiredAccessKeyId(message.input);
  return await mutate(deps, message, async (tx, accountId) => {
    const holder = await lockHolder(tx, accountId, asked);
    const removed = await tx.execute(remove, [accessKeyId, accountId, holder.userId]);
    if (removed === 0) throw noSuchAccessKey(accessKeyId);
    return {};
  });
}
