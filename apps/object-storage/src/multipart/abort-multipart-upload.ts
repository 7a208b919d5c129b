import type { Forwarded, ForwardedReply } from '@coffer/contracts';
import type { Deps } from '../deps.ts';
import { changeUpload } from './change-upload.ts';
import { dropUpload } from './drop-upload.ts';
import { requireUpload } from './upload-row.ts';

/** Ends the upload; its parts are gone for everybody at once, their rows and blobs when the collector comes. */
export function abortMultipartUpload(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return changeUpload(deps, message, async (tx, upload) => {
    await requireUpload(tx, upload);
    await dropUpload(tx, upload);
    return { status: 204 };
  });
}
