import { Fault, type PolicyText, type ResolvedPrincipal } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { rootArn, userArn } from './arns.ts';

/** An active access key with its holder, as they were at one moment. */
export interface FoundKey {
  readonly owner: { readonly accessKeyId: string; readonly accountId: string };
  readonly wrapped: Buffer;
  readonly resolved: ResolvedPrincipal;
}

interface Row {
  epoch: number;
  account_id: string;
  canonical_id: string;
  wrapped: Buffer;
  user_id: string | null;
  user_name: string | null;
  path: string | null;
  tags: { Key: string; Value: string }[] | null;
  policies: { name: string; text: string }[];
}

/** One statement, so that the epoch and what it stands for come from the same snapshot. */
const find = sql(
  'identity.key.find',
  `SELECT e.epoch, k.account_id, a.canonical_id, k.wrapped, u.user_id, u.user_name, u.path, u.tags,
          (SELECT coalesce(json_agg(json_build_object('name', p.policy_name, 'text', p.document)
                                    ORDER BY p.policy_name), '[]')
             FROM user_policies p WHERE p.user_id = k.user_id) AS policies
     FROM access_keys k
     JOIN accounts a ON a.account_id = k.account_id
     LEFT JOIN users u ON u.user_id = k.user_id
    CROSS JOIN epochs e
    WHERE k.access_key_id = $1 AND k.active`,
);

/**
 * The access key, if it exists and is active.
 * @throws Fault `InvalidAccessKeyId` (403) when not; `InvalidToken` (400) when a session token comes with it, since no
 * temporary credentials exist.
 */
export async function findKey(deps: Deps, accessKeyId: string, sessionToken: string | undefined): Promise<FoundKey> {
  const [row] = accessKeyId.includes('\0') ? [] : await deps.database.query<Row>(find, [accessKeyId]);
  if (row === undefined) throw unknownKey(accessKeyId);
  if (sessionToken !== undefined) {
    throw new Fault('InvalidToken', 'The provided token is malformed or otherwise invalid.', { status: 400 });
  }
  return {
    owner: { accessKeyId, accountId: row.account_id },
    wrapped: row.wrapped,
    resolved: { principal: principalOf(row), policies: policiesOf(row), epoch: row.epoch },
  };
}

function unknownKey(accessKeyId: string): Fault {
  return new Fault('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.', {
    status: 403,
    extras: { AWSAccessKeyId: accessKeyId },
  });
}

function principalOf(row: Row): ResolvedPrincipal['principal'] {
  const account = { accountId: row.account_id, canonicalId: row.canonical_id };
  if (row.user_id === null) {
    return { ...account, kind: 'root', arn: rootArn(row.account_id), userId: row.account_id };
  }
  const userName = row.user_name as string;
  return {
    ...account,
    kind: 'user',
    arn: userArn(row.account_id, row.path as string, userName),
    userId: row.user_id,
    userName,
    tags: Object.fromEntries((row.tags ?? []).map((tag) => [tag.Key, tag.Value])),
  };
}

function policiesOf(row: Row): PolicyText[] {
  return row.policies.map(({ name, text }) => ({ id: `${row.user_id}/${name}`, name, text }));
}
