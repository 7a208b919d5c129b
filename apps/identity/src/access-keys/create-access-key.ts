import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import { newAccessKeyId, newSecret } from '../accounts/random-ids.ts';
import type { Deps } from '../deps.ts';
import { accountOf } from '../iam/account-of.ts';
import { limitExceeded, noSuchAccessKey } from '../iam/errors.ts';
import { mutate } from '../iam/mutate.ts';
import { withSecret, wrapSecret } from '../secrets/access-key-secret.ts';
import { namedOrCaller } from '../users/named-or-caller.ts';
import { lockHolder } from './holder.ts';
import { insertAccessKey } from './insert-access-key.ts';

const MAX_KEYS = 2;

const count = sql(
  'identity.accessKeys.count',
  'SELECT count(*) AS count FROM access_keys WHERE account_id = $1 AND user_id IS NOT DISTINCT FROM $2::text',
);
const findWrapped = sql(
  'identity.accessKey.wrapped',
  'SELECT wrapped FROM access_keys WHERE account_id = $1 AND access_key_id = $2',
);

/**
 * A new access key. The secret is in the answer and nowhere else in clear: what the outbox keeps for a repeated request
 * lacks it, and every answer unwraps it anew.
 * @throws Fault `NoSuchEntity`, `LimitExceeded`
 */
export async function createAccessKey(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const asked = namedOrCaller(message);
  const owner = { accessKeyId: newAccessKeyId(), accountId: accountOf(message.caller) };
  const secret = wrapSecret(await deps.serviceKey.get(), owner, newSecret());
  return await mutate(
    deps,
    message,
    async (tx, accountId) => {
      const holder = await lockHolder(tx, accountId, asked);
      const rows = await tx.query<{ count: number }>(count, [accountId, holder.userId]);
      if ((rows[0] as { count: number }).count >= MAX_KEYS) {
        throw limitExceeded(`Cannot exceed quota for AccessKeysPerUser: ${MAX_KEYS}`);
      }
      const createdAt = await insertAccessKey(tx, { ...owner, userId: holder.userId, secret });
      const key = { ...holder.named, AccessKeyId: owner.accessKeyId, Status: 'Active', CreateDate: createdAt };
      return { AccessKey: key };
    },
    (output, accountId) => withSecretOf(deps, accountId, output),
  );
}

async function withSecretOf(
  deps: Deps,
  accountId: string,
  output: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const accessKey = output['AccessKey'] as { AccessKeyId: string };
  const owner = { accessKeyId: accessKey.AccessKeyId, accountId };
  const [row] = await deps.database.query<{ wrapped: Buffer }>(findWrapped, [accountId, owner.accessKeyId]);
  if (row === undefined) throw noSuchAccessKey(owner.accessKeyId);
  return withSecret(await deps.serviceKey.get(), owner, row.wrapped, (secret) => ({
    AccessKey: { ...accessKey, SecretAccessKey: secret },
  }));
}
