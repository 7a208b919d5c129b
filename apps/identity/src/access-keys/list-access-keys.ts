import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { accountOf } from '../iam/account-of.ts';
import { cutPage, pageOf } from '../iam/paging.ts';
import { namedOrCaller } from '../users/named-or-caller.ts';
import { findHolder } from './holder.ts';

interface Row {
  access_key_id: string;
  active: boolean;
  created_at: Date;
}

const list = sql(
  'identity.accessKeys.list',
  `SELECT access_key_id, active, created_at FROM access_keys
    WHERE account_id = $1 AND user_id IS NOT DISTINCT FROM $2::text AND access_key_id > $3
    ORDER BY access_key_id LIMIT $4`,
);

/** In the order of their ids. @throws Fault `NoSuchEntity`, `ValidationError` */
export async function listAccessKeys(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const accountId = accountOf(message.caller);
  const page = pageOf(message.input);
  const holder = await findHolder(deps.database, accountId, namedOrCaller(message));
  const found = await deps.database.query<Row>(list, [accountId, holder.userId, page.after, page.maxItems + 1]);
  const { rows, rest } = cutPage(page, found, (row) => row.access_key_id);
  const metadata = rows.map((row) => ({
    ...holder.named,
    AccessKeyId: row.access_key_id,
    Status: row.active ? 'Active' : 'Inactive',
    CreateDate: row.created_at,
  }));
  return { output: { AccessKeyMetadata: metadata, ...rest } };
}
