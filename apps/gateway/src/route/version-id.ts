import { s3Error } from '@coffer/contracts';
import type { Route } from '@coffer/aws-wire';

/** An empty version id is refused everywhere: it would be judged as a version and carried out without one. */
export function emptyVersionId(): Error {
  return s3Error(
    'InvalidArgument',
    { ArgumentName: 'versionId', ArgumentValue: '' },
    {
      message: 'Version id cannot be the empty string',
    },
  );
}

export function checkVersionId(route: Route): void {
  if (route.key !== undefined && route.query.get('versionId') === '') throw emptyVersionId();
}
