import type { Content } from './contents.ts';
import type { VersionedKey } from './journal.ts';
import type { Listed } from './shown.ts';

/**
 * Compares the listed versions of one key, newest first, with what its client was told: all acknowledged ones in their
 * order, none that was removed, and of operations without an answer at most one version each.
 * @param contents what the versions hold, by version id
 */
export function matchVersions(
  key: string,
  state: VersionedKey,
  listed: readonly Listed[],
  contents: ReadonlyMap<string, Content>,
): string[] {
  const problems: string[] = [];
  const byId = new Map(listed.map((entry) => [entry.versionId!, entry]));
  if (byId.size !== listed.length) problems.push(`a version of ${key} is listed twice`);
  for (const { versionId, content } of state.versions) {
    const entry = byId.get(versionId);
    if (!entry) {
      if (!state.maybeRemoved.has(versionId))
        problems.push(`version ${versionId} of ${key} was acknowledged and is not there`);
    } else if (entry.isDeleteMarker !== (content === undefined)) {
      problems.push(`version ${versionId} of ${key} is ${entry.isDeleteMarker ? 'a' : 'no'} delete marker`);
    } else if (content && contents.get(versionId)?.sha256 !== content.sha256) {
      problems.push(`version ${versionId} of ${key} holds other bytes than were acknowledged`);
    }
  }
  for (const versionId of state.removed) {
    if (byId.has(versionId)) problems.push(`version ${versionId} of ${key} was removed and is there`);
  }
  const acknowledged = new Set(state.versions.map(({ versionId }) => versionId));
  const left = [...state.maybeAdded];
  for (const { versionId, isDeleteMarker } of listed) {
    if (acknowledged.has(versionId!) || state.removed.has(versionId!)) continue;
    const hash = isDeleteMarker ? undefined : contents.get(versionId!)?.sha256;
    const at = left.findIndex((content) => content?.sha256 === hash);
    if (at < 0) problems.push(`version ${versionId} of ${key} is listed and no client made it`);
    else left.splice(at, 1);
  }
  const order = listed.map(({ versionId }) => versionId!).filter((id) => acknowledged.has(id));
  const told = state.versions.map(({ versionId }) => versionId).filter((id) => byId.has(id));
  // Versions and delete markers come in two lists, each in order.
  for (const markers of [false, true]) {
    const kind = (id: string) => byId.get(id)?.isDeleteMarker === markers;
    const [shown, expected] = [order.filter(kind), told.filter(kind).toReversed()];
    if (shown.join() !== expected.join())
      problems.push(`the versions of ${key} are listed in another order than they were made`);
  }
  const latest = listed.filter(({ isLatest }) => isLatest);
  if (listed.length > 0 && latest.length !== 1) problems.push(`${latest.length} versions of ${key} are the latest`);
  const newest = told.at(-1);
  if (left.length === state.maybeAdded.length && newest !== undefined && latest[0]?.versionId !== newest) {
    problems.push(`the latest version of ${key} is ${latest[0]?.versionId}, not ${newest}`);
  }
  return problems;
}
