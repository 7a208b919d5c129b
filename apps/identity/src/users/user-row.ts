import type { Tag } from '@coffer/contracts';
import { type Sql, sql } from '@coffer/database';
import { concurrentModification, noSuchUser } from '../iam/errors.ts';
import { userArn } from '../principals/arns.ts';

export interface UserRow {
  user_id: string;
  account_id: string;
  user_name: string;
  path: string;
  tags: Tag[];
  created_at: Date;
}

export const USER_COLUMNS = 'user_id, account_id, user_name, path, tags, created_at';

const BY_NAME = `SELECT ${USER_COLUMNS} FROM users
  WHERE account_id = $1 AND lower(user_name) = lower($2) AND user_name = $2`;
const BY_ID = `SELECT ${USER_COLUMNS} FROM users WHERE account_id = $1 AND user_id = $2`;

const findByName = sql('identity.user.byName', BY_NAME);
const findById = sql('identity.user.byId', BY_ID);
// Every change of a user, its keys and its policies takes this lock first.
const lockByName = sql('identity.user.lockByName', `${BY_NAME} FOR NO KEY UPDATE`);
const lockById = sql('identity.user.lockById', `${BY_ID} FOR NO KEY UPDATE`);

/** How a user is asked for. A unique id is what the caller itself is known by; its name is for messages only. */
export interface UserRef {
  readonly userName: string;
  readonly userId?: string;
  /** The ARN under which the caller was permitted to ask. A user who has another by now is not given. */
  readonly judgedArn?: string | undefined;
}

/** @throws Fault `NoSuchEntity`, `ConcurrentModification` */
export function findUser(db: Sql, accountId: string, ref: UserRef): Promise<UserRow> {
  return one(db, accountId, ref, findByName, findById);
}

/** The user, locked until the end of the transaction. @throws Fault `NoSuchEntity`, `ConcurrentModification` */
export function lockUser(tx: Sql, accountId: string, ref: UserRef): Promise<UserRow> {
  return one(tx, accountId, ref, lockByName, lockById);
}

async function one(
  db: Sql,
  accountId: string,
  { userName, userId, judgedArn }: UserRef,
  byName: ReturnType<typeof sql>,
  byId: ReturnType<typeof sql>,
): Promise<UserRow> {
  const found =
    userId === undefined
      ? await db.query<UserRow>(byName, [accountId, userName])
      : await db.query<UserRow>(byId, [accountId, userId]);
  const [row] = found;
  if (row === undefined) throw noSuchUser(userName);
  if (judgedArn !== undefined && judgedArn !== userArn(row.account_id, row.path, row.user_name)) {
    throw concurrentModification(userName);
  }
  return row;
}

/** IAM's `User`. Tags only where IAM shows them, and only if there are any. */
export function userOf(row: UserRow, options: { tags: boolean }): Record<string, unknown> {
  return {
    Path: row.path,
    UserName: row.user_name,
    UserId: row.user_id,
    Arn: userArn(row.account_id, row.path, row.user_name),
    CreateDate: row.created_at,
    ...(options.tags && row.tags.length > 0 ? { Tags: row.tags } : {}),
  };
}
