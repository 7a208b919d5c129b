import { createHash } from 'node:crypto';
import { type Sql, sql } from '@coffer/database';
import type { VersionRef } from '../rules/rule.ts';

/**
 * Versions share this many locks. A transaction over a thousand versions then takes at most this many, which the lock
 * table of Postgres always holds; two versions that meet in one slot only wait for each other's short transaction.
 */
const SLOTS = 256;
/** First key of this lock family: "gate" in ASCII. */
const FAMILY = 0x67617465;

const lock = sql(
  'governance.gate.lock',
  `SELECT pg_advisory_xact_lock(${FAMILY}, slot) FROM unnest($1::integer[]) AS slot`,
);

/** Names a version unambiguously; never stored. */
export function versionName(version: VersionRef): string {
  return JSON.stringify([version.bucketId, version.key, version.internalVersionId]);
}

/**
 * Makes the transaction the only one that decides about these versions until it ends. Whatever grants a deletion or
 * places a protection takes these locks first, in a statement of its own: what it reads afterwards is then final.
 */
export async function lockVersions(tx: Sql, versions: readonly VersionRef[]): Promise<void> {
  const slots = new Set(versions.map(slotOf));
  // Always in the same order, so that two transactions cannot wait for each other.
  await tx.query(lock, [[...slots].sort((a, b) => a - b)]);
}

function slotOf(version: VersionRef): number {
  return createHash('sha256').update(versionName(version)).digest().readUInt32BE(0) % SLOTS;
}
