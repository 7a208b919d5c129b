import type { governance, ReplyOf, RequestOf } from '@coffer/contracts';
import { sql } from '@coffer/database';
import type { Deps } from '../deps.ts';

type Contract = typeof governance.pendingGrants;
type Grant = ReplyOf<Contract>['grants'][number];

const find = sql(
  'governance.gate.pendingGrants',
  `SELECT grant_id AS "grantId", bucket_id AS "bucketId", key, internal_version_id AS "internalVersionId",
          purpose, draft
   FROM deletion_grants
   WHERE settled_at IS NULL AND granted_at < to_timestamp($1::float8 / 1000)
   ORDER BY granted_at LIMIT $2`,
);

/** Grants recorded before `olderThan` whose version object-storage has not reported as destroyed, oldest first. */
export async function pendingGrants(deps: Deps, message: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
  const limit = Math.max(0, message.limit);
  return { grants: await deps.database.query<Grant>(find, [message.olderThan, limit]) };
}
