import { s3Error, type Fault } from '@coffer/contracts';
import { NULL_VERSION } from '../shared/opaque-ids.ts';

/** One version as a deletion sees it. */
export interface StoredVersion {
  orderNo: number;
  versionId: string;
  internalVersionId: string;
  deleteMarker: boolean;
  etag: string;
  size: number;
  lastModified: number;
}

export interface DeleteEntry {
  key: string;
  versionId?: string | undefined;
  ifMatch?: string | undefined;
  ifMatchSize?: number | undefined;
  ifMatchLastModified?: number | undefined;
}

export interface DeleteResult {
  versionId?: string;
  deleteMarker?: boolean;
  fault?: Fault;
}

/** What deleting one entry does, by AWS's table of versioning states. */
export interface Deletion {
  result: DeleteResult;
  /** The version that is destroyed. */
  destroys?: StoredVersion;
  /** The delete marker that becomes the newest. */
  marker?: { orderNo: number; versionId: string };
}

/** The versions of one key that its entries name or touch: the newest, the null one, those named by id. */
export interface KeyVersions {
  latest: StoredVersion | undefined;
  byId: Map<string, StoredVersion>;
}

function refusedByConditions(entry: DeleteEntry, target: StoredVersion | undefined): Fault | undefined {
  const { ifMatch, ifMatchSize, ifMatchLastModified } = entry;
  if (ifMatch === undefined && ifMatchSize === undefined && ifMatchLastModified === undefined) return undefined;
  // Size and time are conditions on what is there; an If-Match asks that something is there.
  if (!target || target.deleteMarker)
    return ifMatch === undefined ? undefined : s3Error('NoSuchKey', { Key: entry.key });
  const wanted = ifMatch?.replace(/^"(.*)"$/s, '$1');
  if (wanted !== undefined && wanted !== '*' && wanted !== target.etag) {
    return s3Error('PreconditionFailed', { Condition: 'If-Match' });
  }
  if (ifMatchSize !== undefined && ifMatchSize !== target.size) {
    return s3Error('PreconditionFailed', { Condition: 'x-amz-if-match-size' });
  }
  if (
    ifMatchLastModified !== undefined &&
    Math.floor(ifMatchLastModified / 1000) !== Math.floor(target.lastModified / 1000)
  ) {
    return s3Error('PreconditionFailed', { Condition: 'x-amz-if-match-last-modified-time' });
  }
  return undefined;
}

/** @param newVersionId makes the id of a delete marker */
export function decideDeletion(
  entry: DeleteEntry,
  versions: KeyVersions,
  versioning: string,
  newVersionId: (orderNo: number) => string,
): Deletion {
  if (entry.versionId !== undefined) {
    const target = versions.byId.get(entry.versionId);
    const refusal = refusedByConditions(entry, target);
    if (refusal) return { result: { fault: refusal } };
    // A version that is gone already was deleted: the same answer again.
    if (!target) return { result: { versionId: entry.versionId } };
    return {
      result: { versionId: entry.versionId, ...(target.deleteMarker ? { deleteMarker: true } : {}) },
      destroys: target,
    };
  }
  const refusal = refusedByConditions(entry, versions.latest);
  if (refusal) return { result: { fault: refusal } };
  const nullVersion = versions.byId.get(NULL_VERSION);
  if (versioning === 'unversioned') return { result: {}, ...(nullVersion ? { destroys: nullVersion } : {}) };
  const orderNo = (versions.latest?.orderNo ?? 0) + 1;
  const versionId = versioning === 'enabled' ? newVersionId(orderNo) : NULL_VERSION;
  return {
    result: { versionId, deleteMarker: true },
    marker: { orderNo, versionId },
    ...(versioning === 'suspended' && nullVersion ? { destroys: nullVersion } : {}),
  };
}
