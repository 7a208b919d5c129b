import { Fault, type Forwarded, type ForwardedReply } from '@coffer/contracts';
import { type Sql, sql, violatedConstraint } from '@coffer/database';
import { newUserId } from '../accounts/random-ids.ts';
import type { Deps } from '../deps.ts';
import { limitExceeded, userAlreadyExists } from '../iam/errors.ts';
import { MAX_NEW_USER_NAME, optionalPath, requiredName } from '../iam/input.ts';
import { mutate } from '../iam/mutate.ts';
import { readTags } from './tags.ts';
import { USER_COLUMNS, userOf, type UserRow } from './user-row.ts';

const MAX_USERS = 5_000;

const lockAccount = sql(
  'identity.account.lock',
  'SELECT account_id FROM accounts WHERE account_id = $1 FOR NO KEY UPDATE',
);
const countUsers = sql('identity.users.count', 'SELECT count(*) AS count FROM users WHERE account_id = $1');
const insert = sql(
  'identity.user.insert',
  `INSERT INTO users (user_id, account_id, user_name, path, tags) VALUES ($1, $2, $3, $4, $5::text::json)
   RETURNING ${USER_COLUMNS}`,
);

/** @throws Fault `EntityAlreadyExists`, `LimitExceeded`, `ValidationError`, `InvalidInput` */
export async function createUser(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const { input } = message;
  if (input['PermissionsBoundary'] !== undefined) {
    throw new Fault('NotImplemented', 'Permissions boundaries are not implemented.', { status: 501 });
  }
  const userName = requiredName(input, 'UserName', MAX_NEW_USER_NAME);
  const path = optionalPath(input, 'Path') ?? '/';
  const tags = readTags(input);
  return await mutate(deps, message, async (tx, accountId) => {
    await checkQuota(tx, accountId);
    const values = [newUserId(), accountId, userName, path, JSON.stringify(tags)];
    try {
      const rows = await tx.query<UserRow>(insert, values);
      return { User: userOf(rows[0] as UserRow, { tags: true }) };
    } catch (error) {
      if (violatedConstraint(error) === 'users_name') throw userAlreadyExists(userName);
      throw error;
    }
  });
}

async function checkQuota(tx: Sql, accountId: string): Promise<void> {
  await tx.query(lockAccount, [accountId]);
  const rows = await tx.query<{ count: number }>(countUsers, [accountId]);
  if ((rows[0] as { count: number }).count >= MAX_USERS) {
    throw limitExceeded(`Cannot exceed quota for UsersPerAccount: ${MAX_USERS}`);
  }
}
