import { Fault } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { withSecret } from '../secrets/access-key-secret.ts';
import { type AccountRow } from './account-row.ts';

const findRootKey = sql(
  'identity.account.rootKey',
  `SELECT access_key_id, wrapped FROM access_keys
    WHERE account_id = $1 AND user_id IS NULL AND active
    ORDER BY access_key_id = $2 DESC, created_at LIMIT 1`,
);

/**
 * An active access key of the account's root user, the one it was created with when that still is one.
 * @throws Fault `NoSuchEntity` when its owner deleted or switched off every one.
 */
export async function rootKeyOf(
  deps: Deps,
  account: AccountRow,
): Promise<{ accessKeyId: string; secretAccessKey: string }> {
  const key = await deps.serviceKey.get();
  const rows = await deps.database.query<{ access_key_id: string; wrapped: Buffer }>(findRootKey, [
    account.account_id,
    account.initial_access_key_id,
  ]);
  const [row] = rows;
  if (row === undefined) {
    throw new Fault('NoSuchEntity', 'The root user of the account has no active access key.', { status: 404 });
  }
  const owner = { accessKeyId: row.access_key_id, accountId: account.account_id };
  return withSecret(key, owner, row.wrapped, (secretAccessKey) => ({
    accessKeyId: row.access_key_id,
    secretAccessKey,
  }));
}
