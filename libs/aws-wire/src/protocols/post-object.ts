import type { OperationCodec } from '../codec-types.ts';
import { requestIdHeaders } from './request-ids.ts';

/**
 * PostObject, the browser's form upload, is in no schema. The form is read where the bytes are streamed; here are the
 * bucket and a success without a body. `ETag`, `Location` and `VersionId` of the output become headers.
 */
export const postObject: OperationCodec = {
  api: 's3',
  name: 'PostObject',
  success: 204,
  inputBody: 'streaming',
  inputStream: 'Body',
  maxBody: 0,
  readInput: (route) => ({ Bucket: route.bucket }),
  writeOutput(output, context) {
    const headers = requestIdHeaders('s3', context);
    if (typeof output['ETag'] === 'string') headers['ETag'] = output['ETag'];
    if (typeof output['Location'] === 'string') headers['Location'] = output['Location'];
    if (typeof output['VersionId'] === 'string') headers['x-amz-version-id'] = output['VersionId'];
    return { status: 204, headers };
  },
};
