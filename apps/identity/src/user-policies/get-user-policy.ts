import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';
import { accountOf } from '../iam/account-of.ts';
import { noSuchUserPolicy } from '../iam/errors.ts';
import { requiredName } from '../iam/input.ts';
import { named } from '../users/named-or-caller.ts';
import { findUser } from '../users/user-row.ts';

const find = sql(
  'identity.userPolicy.find',
  'SELECT document FROM user_policies WHERE user_id = $1 AND policy_name = $2',
);

/** @throws Fault `NoSuchEntity`, `ValidationError` */
export async function getUserPolicy(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const accountId = accountOf(message.caller);
  const asked = named(message);
  const policyName = requiredName(message.input, 'PolicyName');
  const user = await findUser(deps.database, accountId, asked);
  const [row] = await deps.database.query<{ document: string }>(find, [user.user_id, policyName]);
  if (row === undefined) throw noSuchUserPolicy(policyName);
  const document = percentEncode(row.document);
  return { output: { UserName: user.user_name, PolicyName: policyName, PolicyDocument: document } };
}

/** IAM shows policies percent-encoded as in RFC 3986, which leaves fewer characters alone than JavaScript does. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}
