import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { accountOf } from '../iam/account-of.ts';
import { rootArn } from '../principals/arns.ts';
import { namedOrCaller } from './named-or-caller.ts';
import { findUser, userOf } from './user-row.ts';

const findRoot = sql('identity.root.find', 'SELECT created_at FROM accounts WHERE account_id = $1');

/** @throws Fault `NoSuchEntity`, `ValidationError` */
export async function getUser(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const accountId = accountOf(message.caller);
  const asked = namedOrCaller(message);
  if (asked === 'root') return { output: { User: await rootUser(deps, accountId) } };
  return { output: { User: userOf(await findUser(deps.database, accountId, asked), { tags: true }) } };
}

/** The root user has neither a name nor a path. */
async function rootUser(deps: Deps, accountId: string): Promise<Record<string, unknown>> {
  const rows = await deps.database.query<{ created_at: Date }>(findRoot, [accountId]);
  return { UserId: accountId, Arn: rootArn(accountId), CreateDate: rows[0]?.created_at };
}
