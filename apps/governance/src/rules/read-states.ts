import type { Sql } from '@coffer/database';
import type { VersionRef, VersionState } from './rule.ts';

/**
 * Reads what governance holds about versions, in the gate's transaction and under its locks. One entry per version, in
 * their order; undefined where the state is missing or unreadable, which refuses the destruction.
 */
export type ReadStates = (tx: Sql, versions: readonly VersionRef[]) => Promise<readonly (VersionState | undefined)[]>;

/** Governance holds nothing about a version but its grant, so the state is the version itself. */
export const readStates: ReadStates = async (_tx, versions) => versions.map((version) => ({ version }));
