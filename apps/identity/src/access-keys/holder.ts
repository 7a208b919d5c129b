import { type Sql, sql } from '@coffer/database';
import { findUser, lockUser, type UserRef } from '../users/user-row.ts';

/** Whose access keys: a user's, or the root user's. */
export interface Holder {
  /** Null for the root user. */
  readonly userId: string | null;
  /** Absent for the root user, who has no name. */
  readonly named: { readonly UserName?: string };
}

const ROOT: Holder = { userId: null, named: {} };
const lockRoot = sql('identity.root.lock', 'SELECT FROM accounts WHERE account_id = $1 FOR NO KEY UPDATE');

/** @throws Fault `NoSuchEntity` */
export async function findHolder(db: Sql, accountId: string, asked: UserRef | 'root'): Promise<Holder> {
  if (asked === 'root') return ROOT;
  const user = await findUser(db, accountId, asked);
  return { userId: user.user_id, named: { UserName: user.user_name } };
}

/** The holder, whose keys nobody else changes until the end of the transaction. @throws Fault `NoSuchEntity` */
export async function lockHolder(tx: Sql, accountId: string, asked: UserRef | 'root'): Promise<Holder> {
  if (asked === 'root') {
    await tx.query(lockRoot, [accountId]);
    return ROOT;
  }
  const user = await lockUser(tx, accountId, asked);
  return { userId: user.user_id, named: { UserName: user.user_name } };
}
