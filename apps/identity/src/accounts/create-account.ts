import { Fault, type identity, type ReplyOf, type RequestOf } from '@coffer/contracts';
import { sql, violatedConstraint } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { announce, commitChange } from '../epochs/change.ts';
import { ACCOUNT_COLUMNS, accountFactsOf, type AccountRow } from './account-row.ts';
import { ensureFirstAccount } from './ensure-first-account.ts';
import { insertAccount, newAccount } from './insert-account.ts';
import { rootKeyOf } from './root-key-of.ts';

type Contract = typeof identity.createAccount;

const findByOperation = sql(
  'identity.account.findByOperation',
  `SELECT ${ACCOUNT_COLUMNS}, (SELECT epoch FROM epochs) AS epoch FROM accounts WHERE operation_id = $1`,
);

/**
 * A new account with an access key of its root user. Asked again with the same operation id, it answers with the same
 * account.
 * @throws Fault `AccountAlreadyExists` (409), `Unavailable` (503).
 */
export async function createAccount(deps: Deps, message: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
  // Takes its configured name before anybody else can.
  await ensureFirstAccount(deps);
  const made = (await findMade(deps, message)) ?? (await make(deps, message));
  await announce(deps, made.epoch);
  return { ...accountFactsOf(made), ...(await rootKeyOf(deps, made)) };
}

type Made = AccountRow & { epoch: number };

async function findMade(deps: Deps, message: RequestOf<Contract>): Promise<Made | undefined> {
  const [row] = await deps.database.query<Made>(findByOperation, [message.operationId]);
  if (row !== undefined && row.name !== message.name) {
    throw new Fault('InvalidMessage', 'This operation id belongs to an account of another name.', { status: 400 });
  }
  return row;
}

async function make(deps: Deps, message: RequestOf<Contract>): Promise<Made> {
  const { name, operationId } = message;
  const account = newAccount(await deps.serviceKey.get(), { name, operationId });
  try {
    await commitChange(deps, account.accountId, (tx) => insertAccount(tx, account));
  } catch (error) {
    const constraint = violatedConstraint(error);
    if (constraint !== 'accounts_name' && constraint !== 'accounts_operation') throw error;
  }
  // Also when a constraint stopped it: the same call may have been carried out a moment ago.
  const made = await findMade(deps, message);
  if (made !== undefined) return made;
  throw new Fault('AccountAlreadyExists', `An account with the name ${name} already exists.`, { status: 409 });
}
