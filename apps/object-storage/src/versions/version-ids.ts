import { s3Error, type Fault } from '@coffer/contracts';
import { NULL_VERSION, type OpaqueIds } from '../shared/opaque-ids.ts';

/** Whether a version of a bucket in this state can have been given this id at all. */
export function mayExist(ids: OpaqueIds, versioning: string, versionId: string): boolean {
  return versionId === NULL_VERSION || (versioning !== 'unversioned' && ids.orderOf(versionId) !== undefined);
}

export function invalidVersionId(versionId: string): Fault {
  return s3Error(
    'InvalidArgument',
    { ArgumentName: 'versionId', ArgumentValue: versionId },
    { message: 'Invalid version id specified' },
  );
}
