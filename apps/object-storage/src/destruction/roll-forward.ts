import { governance, type ReplyOf } from '@coffer/contracts';
import { sql, type Sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Deps } from '../deps.ts';
import { isBucketId } from '../buckets/bucket-row.ts';
import { forMutation, withLocks } from '../shared/locks.ts';
import { settleGrants } from './gate.ts';
import { removeVersions } from './remove-versions.ts';

registerFailpoints('object-storage.roll-forward.before-settle');

/** Younger grants belong to a deletion that is probably still under way here. */
const MIN_AGE_MS = 30_000;
const AT_ONCE = 200;

const find = sql(
  'destruction.findGranted',
  `SELECT v.key, v.order_no, v.is_latest FROM versions v WHERE v.bucket_id = $1 AND v.internal_version_id = $2`,
);
const relatestKey = sql(
  'destruction.relatestKey',
  `UPDATE versions v SET is_latest = true
    WHERE v.bucket_id = $1 AND v.key = $2
      AND v.order_no = (SELECT max(n.order_no) FROM versions n WHERE n.bucket_id = $1 AND n.key = $2)
      AND NOT v.is_latest`,
);

type Grant = ReplyOf<typeof governance.pendingGrants>['grants'][number];

async function carryOut(deps: Deps, tx: Sql, grant: Grant): Promise<void> {
  const [version] = await tx.query<{ key: string; order_no: number; is_latest: boolean }>(find, [
    grant.bucketId,
    grant.internalVersionId,
  ]);
  // Gone: it was deleted before the crash, and only the settling is left.
  if (!version || version.key !== grant.key) return;
  const { bucketId, key, grantId } = grant;
  await removeVersions(tx, [{ bucketId, key, orderNo: version.order_no, grantId }]);
  if (version.is_latest) await tx.execute(relatestKey, [bucketId, key]);
  // No change without its record: whoever asked got no answer, but their request did this.
  const { draft } = grant;
  await deps.outbox.putIfAbsent({ requestId: draft.requestId, draft: { ...draft, status: 204 } }, tx);
}

/**
 * Carries out deletions that governance granted and nobody reported as done: what a crash between grant and settling
 * left behind. A grant is final, so this never asks again. Returns how many it settled.
 */
export async function rollForward(deps: Deps, minAgeMs: number = MIN_AGE_MS): Promise<number> {
  let settled = 0;
  for (;;) {
    const { grants } = await deps.bus.call(governance.pendingGrants, {
      olderThan: Date.now() - minAgeMs,
      limit: AT_ONCE,
    });
    if (grants.length === 0) return settled;
    for (const grant of grants) {
      // A replacement without its commit has not happened: the old version stays, and only the grant is put away.
      if (grant.purpose === 'replace' || !isBucketId(grant.bucketId)) continue;
      await withLocks(deps, forMutation([grant]), (tx) => carryOut(deps, tx, grant));
    }
    failpoint('object-storage.roll-forward.before-settle');
    const told = await settleGrants(
      deps,
      grants.map((grant) => grant.grantId),
    );
    if (!told) return settled;
    settled += grants.length;
    if (grants.length < AT_ONCE) return settled;
  }
}
