import { Fault, type governance, type ReplyOf, type RequestOf } from '@coffer/contracts';
import { sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Deps } from '../deps.ts';

registerFailpoints('governance.settleGrants.committed');

type Contract = typeof governance.settleGrants;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const settle = sql(
  'governance.gate.settleGrants',
  `UPDATE deletion_grants SET settled_at = clock_timestamp()
   WHERE grant_id = ANY ($1::uuid[]) AND settled_at IS NULL`,
);

/** The versions of these grants are gone. Settling twice, or a grant that is not there any more, does no harm. */
export async function settleGrants(deps: Deps, message: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
  if (!message.grantIds.every((grantId) => UUID.test(grantId))) {
    throw new Fault('InvalidMessage', 'A grant id is malformed.', { status: 400 });
  }
  await deps.database.execute(settle, [message.grantIds]);
  failpoint('governance.settleGrants.committed');
  return {};
}
