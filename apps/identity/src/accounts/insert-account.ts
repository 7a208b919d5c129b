import { type Sql, sql } from '@coffer/database';
import { insertAccessKey } from '../access-keys/insert-access-key.ts';
import { wrapSecret } from '../secrets/access-key-secret.ts';
import type { WrappingKey } from '../secrets/service-key.ts';
import { newAccessKeyId, newAccountId, newCanonicalId, newSecret } from './random-ids.ts';

/** An account that is to be: its ids are made before the transaction, its secret is wrapped already. */
export interface NewAccount {
  readonly accountId: string;
  readonly name: string;
  readonly first: boolean;
  readonly operationId?: string;
  readonly accessKeyId: string;
  readonly secret: ReturnType<typeof wrapSecret>;
}

const insert = sql(
  'identity.account.insert',
  `INSERT INTO accounts (account_id, name, canonical_id, is_first, operation_id, initial_access_key_id)
   VALUES ($1, $2, $3, $4, $5, $6)`,
);

export function newAccount(
  key: WrappingKey,
  facts: { name: string; first?: boolean; operationId?: string },
  rootKey: { accessKeyId: string; secretAccessKey: string } = {
    accessKeyId: newAccessKeyId(),
    secretAccessKey: newSecret(),
  },
): NewAccount {
  const accountId = newAccountId();
  const { accessKeyId, secretAccessKey } = rootKey;
  const secret = wrapSecret(key, { accessKeyId, accountId }, secretAccessKey);
  return { first: false, ...facts, accountId, accessKeyId, secret };
}

/** The account with one access key of its root user. */
export async function insertAccount(tx: Sql, account: NewAccount): Promise<void> {
  const { accountId, accessKeyId } = account;
  await tx.execute(insert, [
    accountId,
    account.name,
    newCanonicalId(),
    account.first,
    account.operationId ?? null,
    accessKeyId,
  ]);
  await insertAccessKey(tx, { accessKeyId, accountId, userId: null, secret: account.secret });
}
