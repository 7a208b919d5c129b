import type { Tag } from '@coffer/contracts';
import type { Need } from '../authorize/authorize.ts';
import { copyObject } from '../bytes/copy-object.ts';
import { deleteNeeds, deleteObject, deleteObjects } from '../bytes/delete-objects.ts';
import { getObject, headObject } from '../bytes/get-object.ts';
import { completeMultipartUpload } from '../bytes/multipart-complete.ts';
import { createMultipartUpload } from '../bytes/multipart-create.ts';
import { putObject } from '../bytes/put-object.ts';
import { headerTags } from '../bytes/stored-headers.ts';
import { uploadPartCopy } from '../bytes/upload-part-copy.ts';
import { uploadPart } from '../bytes/upload-part.ts';
import { forward } from '../perform/forward.ts';
import { objectArn, onObject, requestTagKeys, type NeedsInput, type Operation } from './operation.ts';

type Named = Pick<Operation, 'name' | 'needs' | 'perform'> & Partial<Operation>;

const reads = onObject('s3:GetObject', 's3:GetObjectVersion');
const read = (operation: Named): Operation => ({ api: 's3', mutates: false, bucket: 'existing', ...operation });
const change = (operation: Named): Operation => ({ api: 's3', mutates: true, bucket: 'existing', ...operation });

/** A write needs PutObject, and PutObjectTagging when it brings tags. */
function writes({ route, input }: NeedsInput): Need[] {
  const resource = objectArn(route.bucket ?? '', route.key ?? '');
  const header = input['Tagging'];
  if (typeof header !== 'string' || header === '') return [{ action: 's3:PutObject', resource }];
  const extra = requestTagKeys(headerTags(header));
  return [
    { action: 's3:PutObject', resource, extra },
    { action: 's3:PutObjectTagging', resource, extra },
  ];
}

function tagging({ route, input }: NeedsInput): Need[] {
  const tags = (input['Tagging'] as { TagSet?: Tag[] } | undefined)?.TagSet ?? [];
  return [
    {
      action: route.query.has('versionId') ? 's3:PutObjectVersionTagging' : 's3:PutObjectTagging',
      resource: objectArn(route.bucket ?? '', route.key ?? ''),
      extra: requestTagKeys(tags),
    },
  ];
}

/** Objects, their versions, and multipart uploads: AWS's name, the permission it takes, and what serves it. */
export const objectOperations: readonly Operation[] = [
  read({ name: 'GetObject', needs: reads, readsObject: true, perform: getObject }),
  read({ name: 'HeadObject', needs: reads, readsObject: true, perform: headObject }),
  read({
    name: 'GetObjectAttributes',
    needs: (request) => [
      ...reads(request),
      ...onObject('s3:GetObjectAttributes', 's3:GetObjectVersionAttributes')(request),
    ],
    readsObject: true,
    perform: forward('GetObjectAttributes', false),
  }),
  change({ name: 'PutObject', needs: writes, perform: putObject }),
  // The source's own permission is judged by its own bucket, when it is found.
  change({ name: 'CopyObject', needs: writes, perform: copyObject }),
  change({
    name: 'DeleteObject',
    needs: ({ route, incoming }) =>
      deleteNeeds(route.bucket ?? '', { key: route.key ?? '', versionId: route.query.get('versionId') }, incoming),
    perform: deleteObject,
  }),
  // Every key has its own permission, judged one by one.
  change({ name: 'DeleteObjects', needs: () => [], perform: deleteObjects }),
  read({
    name: 'GetObjectTagging',
    needs: onObject('s3:GetObjectTagging', 's3:GetObjectVersionTagging'),
    readsObject: true,
    perform: forward('GetObjectTagging', false),
  }),
  change({
    name: 'PutObjectTagging',
    needs: tagging,
    needsBody: true,
    readsObject: true,
    perform: forward('PutObjectTagging', true),
  }),
  change({
    name: 'DeleteObjectTagging',
    needs: onObject('s3:DeleteObjectTagging', 's3:DeleteObjectVersionTagging'),
    readsObject: true,
    perform: forward('DeleteObjectTagging', true),
  }),
  change({ name: 'CreateMultipartUpload', needs: writes, perform: createMultipartUpload }),
  change({ name: 'UploadPart', needs: onObject('s3:PutObject'), perform: uploadPart }),
  change({ name: 'UploadPartCopy', needs: onObject('s3:PutObject'), perform: uploadPartCopy }),
  change({ name: 'CompleteMultipartUpload', needs: onObject('s3:PutObject'), perform: completeMultipartUpload }),
  change({
    name: 'AbortMultipartUpload',
    needs: onObject('s3:AbortMultipartUpload'),
    perform: forward('AbortMultipartUpload', true),
  }),
  read({ name: 'ListParts', needs: onObject('s3:ListMultipartUploadParts'), perform: forward('ListParts', false) }),
];
