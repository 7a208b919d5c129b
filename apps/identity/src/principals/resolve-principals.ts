import type { identity, ReplyOf, RequestOf } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { rootArn, userArn } from './arns.ts';

type Contract = typeof identity.resolvePrincipals;

const ROOT = /^(?:arn:aws:iam::)?(\d{12})(?::root)?$/;
const USER = /^arn:aws:iam::(\d{12}):user(\/(?:[!-~]+\/)?)([\w+=,.@-]+)$/;
const USER_ID = /^AIDA[A-Z2-7]{17}$/;

const findAccounts = sql(
  'identity.principals.accounts',
  'SELECT account_id FROM accounts WHERE account_id = ANY ($1::text[])',
);
const findByName = sql(
  'identity.principals.byName',
  `SELECT u.user_id, u.account_id, u.path, u.user_name
     FROM unnest($1::text[], $2::text[]) AS asked (account_id, user_name)
     JOIN users u ON u.account_id = asked.account_id AND lower(u.user_name) = lower(asked.user_name)
                 AND u.user_name = asked.user_name`,
);
const findById = sql(
  'identity.principals.byId',
  'SELECT user_id, account_id, path, user_name FROM users WHERE user_id = ANY ($1::text[])',
);

interface UserRow {
  user_id: string;
  account_id: string;
  path: string;
  user_name: string;
}

/** ARNs to unique ids and back. What names no principal that exists becomes null. */
export async function resolvePrincipals(deps: Deps, message: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
  const [roots, byName, byId] = await Promise.all([
    existingRoots(deps, [...message.arns, ...message.ids]),
    usersByArn(deps, message.arns),
    usersById(deps, message.ids),
  ]);
  return {
    byArn: answer(message.arns, (arn) => byName.get(arn) ?? roots.get(arn)),
    byId: answer(message.ids, (id) => byId.get(id) ?? roots.get(id)),
  };
}

function answer(asked: readonly string[], find: (name: string) => string | undefined): Record<string, string | null> {
  return Object.fromEntries(asked.map((name) => [name, find(name) ?? null]));
}

/** A root user is named by its account's id or by its ARN, which is its unique name in policies too. */
async function existingRoots(deps: Deps, names: readonly string[]): Promise<Map<string, string>> {
  const accountOf = new Map<string, string>();
  for (const name of names) {
    const match = ROOT.exec(name);
    if (match !== null && name.startsWith('arn:') === name.endsWith(':root')) accountOf.set(name, match[1] as string);
  }
  if (accountOf.size === 0) return new Map();
  const rows = await deps.database.query<{ account_id: string }>(findAccounts, [[...new Set(accountOf.values())]]);
  const existing = new Set(rows.map((row) => row.account_id));
  return new Map([...accountOf].filter(([, id]) => existing.has(id)).map(([name, id]) => [name, rootArn(id)] as const));
}

async function usersByArn(deps: Deps, arns: readonly string[]): Promise<Map<string, string>> {
  const matches = arns.map((arn) => USER.exec(arn)).filter((match) => match !== null);
  if (matches.length === 0) return new Map();
  const asked = [matches.map((match) => match[1]), matches.map((match) => match[3])];
  const rows = await deps.database.query<UserRow>(findByName, asked);
  // The whole ARN has to be right, its path included.
  return new Map(rows.map((row) => [userArn(row.account_id, row.path, row.user_name), row.user_id]));
}

async function usersById(deps: Deps, ids: readonly string[]): Promise<Map<string, string>> {
  const userIds = ids.filter((id) => USER_ID.test(id));
  if (userIds.length === 0) return new Map();
  const rows = await deps.database.query<UserRow>(findById, [userIds]);
  return new Map(rows.map((row) => [row.user_id, userArn(row.account_id, row.path, row.user_name)]));
}
