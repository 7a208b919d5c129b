import { randomUUID } from 'node:crypto';
import type { governance, ReplyOf, RequestOf } from '@coffer/contracts';
import { type Sql, sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Deps } from '../deps.ts';
import { evaluate } from '../rules/evaluate.ts';
import type { DestructionRequest, VersionRef } from '../rules/rule.ts';
import { lockVersions, versionName } from './version-locks.ts';

registerFailpoints('governance.grantDeletion.committed');

type Contract = typeof governance.grantDeletion;
type Reply = ReplyOf<Contract>;
type Result = Reply['results'][number];

interface GrantRow {
  bucketId: string;
  key: string;
  internalVersionId: string;
  grantId: string;
}

const findGrants = sql(
  'governance.gate.findGrants',
  `SELECT g.bucket_id AS "bucketId", g.key, g.internal_version_id AS "internalVersionId", g.grant_id AS "grantId"
   FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (bucket_id, key, internal_version_id)
   JOIN deletion_grants g USING (bucket_id, key, internal_version_id)`,
);
const insertGrants = sql(
  'governance.gate.insertGrants',
  `INSERT INTO deletion_grants
     (bucket_id, key, internal_version_id, grant_id, request_id, requester_arn, purpose, draft)
   SELECT bucket_id, key, internal_version_id, grant_id, $5, $6, $7, $8::json
   FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[]) AS granted (bucket_id, key, internal_version_id, grant_id)`,
);

/**
 * Refuses the destruction of each version, or records a grant, which is final. A version that has a grant keeps it:
 * asked again, the answer is the same grant, whatever the rules say by then.
 *
 * All versions of one call are decided in one transaction. When it fails, nothing is granted.
 */
export async function grantDeletion(deps: Deps, message: RequestOf<Contract>): Promise<Reply> {
  const request: DestructionRequest = {
    caller: message.caller,
    mfa: message.mfa,
    bypassGovernance: message.bypassGovernance ?? false,
    now: Date.now(),
  };
  const results = await deps.database.transaction((tx) => decide(deps, tx, message, request));
  failpoint('governance.grantDeletion.committed');
  return { results };
}

async function decide(
  deps: Deps,
  tx: Sql,
  message: RequestOf<Contract>,
  request: DestructionRequest,
): Promise<Result[]> {
  const asked = message.versions;
  const versions = new Map(asked.map((version) => [versionName(version), version]));
  await lockVersions(tx, asked);
  const results = await findExisting(tx, [...versions.values()]);
  const open = [...versions].filter(([name]) => !results.has(name));
  const states = await deps.readStates(
    tx,
    open.map(([, version]) => version),
  );
  const granted: GrantRow[] = [];
  for (const [index, [name, version]] of open.entries()) {
    const refused = evaluate(deps.rules, states[index], request);
    if (refused === undefined) {
      const grantId = randomUUID();
      granted.push({ ...version, grantId });
      results.set(name, { grantId });
    } else {
      results.set(name, { refused });
    }
  }
  await insert(tx, granted, message);
  return asked.map((version) => results.get(versionName(version)) as Result);
}

async function findExisting(tx: Sql, versions: readonly VersionRef[]): Promise<Map<string, Result>> {
  const rows = await tx.query<GrantRow>(findGrants, columns(versions));
  return new Map(rows.map((row) => [versionName(row), { grantId: row.grantId }]));
}

async function insert(tx: Sql, granted: readonly GrantRow[], message: RequestOf<Contract>): Promise<void> {
  if (granted.length === 0) return;
  const { requestId, principal } = message.caller;
  const grantIds = granted.map((row) => row.grantId);
  const { purpose, draft } = message;
  const stored = JSON.stringify(draft);
  await tx.execute(insertGrants, [...columns(granted), grantIds, requestId, principal.arn, purpose, stored]);
}

function columns(versions: readonly VersionRef[]): [string[], string[], string[]] {
  return [
    versions.map((version) => version.bucketId),
    versions.map((version) => version.key),
    versions.map((version) => version.internalVersionId),
  ];
}
