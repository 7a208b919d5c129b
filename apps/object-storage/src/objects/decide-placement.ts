import { s3Error, type Fault } from '@coffer/contracts';
import { NULL_VERSION } from '../shared/opaque-ids.ts';

/** What the database holds for one key, read under the key's lock. */
export interface KeyState {
  /** The newest version or delete marker. */
  latest?: { orderNo: number; versionId: string; etag: string; deleteMarker: boolean } | undefined;
  /** The version whose public id is `null`, newest or not. */
  nullVersion?: { orderNo: number; internalVersionId: string } | undefined;
}

export interface WriteConditions {
  ifMatch?: string | undefined;
  ifNoneMatch?: string | undefined;
}

function withoutQuotes(etag: string): string {
  return etag.startsWith('"') && etag.endsWith('"') && etag.length > 1 ? etag.slice(1, -1) : etag;
}

/** Whether a write may go ahead over what is there; a delete marker counts as nothing. Undefined means yes. */
export function refusedByConditions(
  state: KeyState,
  key: string,
  conditions: WriteConditions | undefined,
): Fault | undefined {
  if (!conditions) return undefined;
  const current = state.latest && !state.latest.deleteMarker ? state.latest : undefined;
  if (conditions.ifMatch !== undefined) {
    if (!current) return s3Error('NoSuchKey', { Key: key });
    const wanted = withoutQuotes(conditions.ifMatch);
    if (wanted !== '*' && wanted !== current.etag) return s3Error('PreconditionFailed', { Condition: 'If-Match' });
  }
  if (conditions.ifNoneMatch !== undefined && current) {
    const unwanted = withoutQuotes(conditions.ifNoneMatch);
    if (unwanted === '*' || unwanted === current.etag) {
      return s3Error('PreconditionFailed', { Condition: 'If-None-Match' });
    }
  }
  return undefined;
}

export interface Placement {
  orderNo: number;
  versionId: string;
  /** The version that stops being the newest one and stays. */
  unlatest?: number;
  /** The null version that this one replaces. */
  replaces?: { orderNo: number; internalVersionId: string };
}

/** Where a new version goes: a version of its own when versioning is enabled, else in place of the null version. */
export function placementFor(
  state: KeyState,
  versioning: string,
  newVersionId: (orderNo: number) => string,
): Placement {
  const orderNo = (state.latest?.orderNo ?? 0) + 1;
  if (versioning === 'enabled') {
    return {
      orderNo,
      versionId: newVersionId(orderNo),
      ...(state.latest ? { unlatest: state.latest.orderNo } : {}),
    };
  }
  const replaces = state.nullVersion;
  const stays = state.latest && state.latest.orderNo !== replaces?.orderNo ? state.latest.orderNo : undefined;
  return {
    orderNo,
    versionId: NULL_VERSION,
    ...(replaces ? { replaces } : {}),
    ...(stays === undefined ? {} : { unlatest: stays }),
  };
}

/** The state of the key once the placement is done. */
export function afterPlacement(
  state: KeyState,
  placement: Placement,
  version: { etag: string; internalVersionId: string; deleteMarker: boolean },
): KeyState {
  const { orderNo, versionId } = placement;
  return {
    latest: { orderNo, versionId, etag: version.etag, deleteMarker: version.deleteMarker },
    nullVersion:
      versionId === NULL_VERSION ? { orderNo, internalVersionId: version.internalVersionId } : state.nullVersion,
  };
}
