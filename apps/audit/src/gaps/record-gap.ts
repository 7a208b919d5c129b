import type { audit, ReplyOf, RequestOf } from '@coffer/contracts';
import { sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Deps } from '../deps.ts';
import { storableJson } from '../records/storable.ts';

registerFailpoints('audit.recordGap.committed');

type Contract = typeof audit.recordGap;

const insert = sql(
  'audit.gaps.insert',
  `INSERT INTO gaps (gap_id, gateway, from_time, to_time, counts)
   VALUES ($1, $2, to_timestamp($3::float8 / 1000), to_timestamp($4::float8 / 1000), $5::jsonb)
   ON CONFLICT (gap_id) DO NOTHING`,
);

/** Keeps how many requests a gateway had to refuse unrecorded, and why. Sent again, it counts once. */
export async function recordGap(deps: Deps, message: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
  const { gapId, gateway, from, to, counts } = message;
  await deps.database.execute(insert, [gapId, gateway, from, to, storableJson(counts)]);
  failpoint('audit.recordGap.committed');
  return {};
}
