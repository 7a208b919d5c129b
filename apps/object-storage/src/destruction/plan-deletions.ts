import { s3Error, type Fault } from '@coffer/contracts';
import { mayExist, invalidVersionId } from '../versions/version-ids.ts';
import { NULL_VERSION, type OpaqueIds } from '../shared/opaque-ids.ts';
import { isStorableKey } from '../shared/keys.ts';
import { decideDeletion, type DeleteEntry, type DeleteResult, type StoredVersion } from './decide-deletion.ts';

/** A key's versions as the deletions of one request go through it. */
export class KeyHistory {
  readonly key: string;
  /** The version that is the newest in the database. */
  readonly storedLatest: StoredVersion | undefined;
  readonly destroyed: StoredVersion[] = [];
  readonly markers: StoredVersion[] = [];
  #remaining: StoredVersion[];

  /** @param versions at least the newest ones (one more than can be destroyed) and all that are named */
  constructor(key: string, versions: readonly StoredVersion[]) {
    this.key = key;
    this.#remaining = [...versions].sort((a, b) => b.orderNo - a.orderNo);
    this.storedLatest = this.#remaining[0];
  }

  get latest(): StoredVersion | undefined {
    return this.#remaining[0];
  }

  byId(): Map<string, StoredVersion> {
    return new Map(this.#remaining.map((version) => [version.versionId, version]));
  }

  destroy(version: StoredVersion): void {
    this.#remaining = this.#remaining.filter((other) => other !== version);
    const unseen = this.markers.indexOf(version);
    if (unseen >= 0) this.markers.splice(unseen, 1);
    else this.destroyed.push(version);
  }

  mark(marker: StoredVersion): void {
    this.#remaining.unshift(marker);
    this.markers.push(marker);
  }

  isUnseen(version: StoredVersion): boolean {
    return this.markers.includes(version);
  }
}

/** What governance said about a version: its grant, or its refusal. */
export type Verdicts = ReadonlyMap<string, { grantId: string } | { fault: Fault }>;

export interface DeletionPlan {
  results: DeleteResult[];
  /** Versions that governance must be asked about before anything is done. */
  toAsk: { key: string; internalVersionId: string }[];
}

export interface PlanInput {
  entries: readonly DeleteEntry[];
  histories: ReadonlyMap<string, KeyHistory>;
  versioning: string;
  protected: boolean;
  verdicts: Verdicts;
  ids: OpaqueIds;
  /** DeleteObjects says NoSuchVersion where DeleteObject says that the id is invalid. */
  multi: boolean;
  newInternalId: () => string;
  time: number;
}

/** Goes through the entries in order, each seeing what the ones before it did; changes the histories. */
export function planDeletions(input: PlanInput): DeletionPlan {
  const toAsk: DeletionPlan['toAsk'] = [];
  const results = input.entries.map((entry): DeleteResult => {
    const refusal = malformed(input, entry);
    if (refusal) return { fault: refusal };
    const history = input.histories.get(entry.key) ?? new KeyHistory(entry.key, []);
    const deletion = decideDeletion(
      entry,
      { latest: history.latest, byId: history.byId() },
      input.versioning,
      (orderNo) => input.ids.newVersionId(orderNo),
    );
    const { destroys, marker, result } = deletion;
    if (destroys) {
      if (input.protected && !history.isUnseen(destroys)) {
        const verdict = input.verdicts.get(destroys.internalVersionId);
        if (verdict && 'fault' in verdict) return { fault: verdict.fault };
        if (!verdict) toAsk.push({ key: entry.key, internalVersionId: destroys.internalVersionId });
      }
      history.destroy(destroys);
    }
    if (marker) {
      history.mark({
        orderNo: marker.orderNo,
        versionId: marker.versionId,
        internalVersionId: input.newInternalId(),
        deleteMarker: true,
        etag: '',
        size: 0,
        lastModified: input.time,
      });
    }
    return result;
  });
  return { results, toAsk };
}

function malformed(input: PlanInput, entry: DeleteEntry): Fault | undefined {
  if (!isStorableKey(entry.key)) return s3Error('InvalidURI');
  const { versionId } = entry;
  if (versionId === undefined || versionId === NULL_VERSION) return undefined;
  if (mayExist(input.ids, input.versioning, versionId)) return undefined;
  return input.multi ? s3Error('NoSuchVersion', { Key: entry.key, VersionId: versionId }) : invalidVersionId(versionId);
}
