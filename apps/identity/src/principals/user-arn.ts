import type { identity, ReplyOf, RequestOf } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { isName } from '../iam/input.ts';
import { userArn as arnOf } from './arns.ts';

type Contract = typeof identity.userArn;

const find = sql(
  'identity.userArn',
  `SELECT user_id, path, user_name FROM users
    WHERE account_id = $1 AND lower(user_name) = lower($2) AND user_name = $2`,
);

/** The ARN and unique id of a user; neither when there is no such user, or can be none of this name. */
export async function userArn(deps: Deps, message: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
  const { accountId, userName } = message;
  if (!isName(userName)) return {};
  const values = [accountId, userName];
  const [row] = await deps.database.query<{ user_id: string; path: string; user_name: string }>(find, values);
  return row === undefined ? {} : { arn: arnOf(accountId, row.path, row.user_name), userId: row.user_id };
}
