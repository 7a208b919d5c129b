import { type Sql, sql } from '@coffer/database';
import type { WrappedSecret } from '../secrets/access-key-secret.ts';

const insert = sql(
  'identity.accessKey.insert',
  `INSERT INTO access_keys (access_key_id, account_id, user_id, wrapped, wrapped_by, format)
   VALUES ($1, $2, $3, $4, $5, $6) RETURNING created_at`,
);

export interface NewAccessKey {
  readonly accessKeyId: string;
  readonly accountId: string;
  /** Null for the root user. */
  readonly userId: string | null;
  readonly secret: WrappedSecret;
}

/** Returns when it was created. */
export async function insertAccessKey(tx: Sql, key: NewAccessKey): Promise<Date> {
  const { wrapped, wrappedBy, format } = key.secret;
  const values = [key.accessKeyId, key.accountId, key.userId, wrapped, wrappedBy, format];
  const rows = await tx.query<{ created_at: Date }>(insert, values);
  return (rows[0] as { created_at: Date }).created_at;
}
