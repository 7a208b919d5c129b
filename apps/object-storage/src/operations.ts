import { handle, handleBatch, type Registration } from '@coffer/bus';
import { audit, objectStorage, status as statusContracts } from '@coffer/contracts';
import { findBucketKey, offerBucketKey } from './buckets/bucket-keys.ts';
import { context } from './buckets/context.ts';
import { deleteBucketCors, getBucketCors, putBucketCors } from './buckets/cors.ts';
import { createBucket } from './buckets/create-bucket.ts';
import { deleteBucket } from './buckets/delete-bucket.ts';
import { getBucketLocation } from './buckets/get-bucket-location.ts';
import { headBucket } from './buckets/head-bucket.ts';
import { getBucketVersioning } from './buckets/get-bucket-versioning.ts';
import { listBuckets } from './buckets/list-buckets.ts';
import { deleteBucketPolicy, getBucketPolicy, putBucketPolicy } from './buckets/policy.ts';
import { deletePublicAccessBlock, getPublicAccessBlock, putPublicAccessBlock } from './buckets/public-access-block.ts';
import { putBucketVersioning } from './buckets/put-bucket-versioning.ts';
import { collectNow } from './collector/collect-now.ts';
import type { Deps } from './deps.ts';
import { deleteVersions } from './destruction/delete-versions.ts';
import { listObjectVersions } from './listing/list-object-versions.ts';
import { listObjectsV2 } from './listing/list-objects-v2.ts';
import { listObjects } from './listing/list-objects.ts';
import { abortMultipartUpload } from './multipart/abort-multipart-upload.ts';
import { commitPart } from './multipart/commit-part.ts';
import { completeUpload } from './multipart/complete-upload.ts';
import { createUpload } from './multipart/create-upload.ts';
import { findUpload } from './multipart/find-upload.ts';
import { listMultipartUploads } from './multipart/list-multipart-uploads.ts';
import { listParts } from './multipart/list-parts.ts';
import { commit } from './objects/commit.ts';
import { locate } from './objects/locate.ts';
import { moreSegments } from './objects/more-segments.ts';
import { outboxPending, outboxSettle } from './shared/outbox.ts';
import { status } from './status.ts';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './tags/object-tagging.ts';
import { getObjectAttributes } from './versions/get-object-attributes.ts';

const { objectReads: reads, objectMutations: mutations } = objectStorage;
const outbox = audit.outboxes['object-storage'];

/** Every call that object storage answers. */
export function operations(deps: Deps): Registration[] {
  return [
    handle(objectStorage.context, (message) => context(deps, message)),
    handle(objectStorage.offerBucketKey, (message) => offerBucketKey(deps, message)),
    handle(objectStorage.findBucketKey, (message) => findBucketKey(deps, message)),
    handleBatch(objectStorage.locate, (messages) => locate(deps, messages)),
    handle(objectStorage.moreSegments, (message) => moreSegments(deps, message)),
    handleBatch(objectStorage.commit, (messages) => commit(deps, messages)),
    handle(objectStorage.deleteVersions, (message) => deleteVersions(deps, message)),
    handle(mutations.PutObjectTagging, (message) => putObjectTagging(deps, message)),
    handle(reads.GetObjectTagging, (message) => getObjectTagging(deps, message)),
    handle(mutations.DeleteObjectTagging, (message) => deleteObjectTagging(deps, message)),
    handle(reads.GetObjectAttributes, (message) => getObjectAttributes(deps, message)),

    handle(objectStorage.createUpload, (message) => createUpload(deps, message)),
    handle(objectStorage.findUpload, (message) => findUpload(deps, message)),
    handleBatch(objectStorage.commitPart, (messages) => commitPart(deps, messages)),
    handle(objectStorage.completeUpload, (message) => completeUpload(deps, message)),
    handle(mutations.AbortMultipartUpload, (message) => abortMultipartUpload(deps, message)),
    handle(reads.ListParts, (message) => listParts(deps, message)),
    handle(reads.ListMultipartUploads, (message) => listMultipartUploads(deps, message)),

    handle(mutations.CreateBucket, (message) => createBucket(deps, message)),
    handle(mutations.DeleteBucket, (message) => deleteBucket(deps, message)),
    handle(reads.HeadBucket, (message) => headBucket(deps, message)),
    handle(reads.ListBuckets, (message) => listBuckets(deps, message)),
    handle(reads.GetBucketLocation, (message) => getBucketLocation(deps, message)),
    handle(mutations.PutBucketVersioning, (message) => putBucketVersioning(deps, message)),
    handle(reads.GetBucketVersioning, (message) => getBucketVersioning(deps, message)),
    handle(mutations.PutBucketPolicy, (message) => putBucketPolicy(deps, message)),
    handle(reads.GetBucketPolicy, (message) => getBucketPolicy(deps, message)),
    handle(mutations.DeleteBucketPolicy, (message) => deleteBucketPolicy(deps, message)),
    handle(mutations.PutPublicAccessBlock, (message) => putPublicAccessBlock(deps, message)),
    handle(reads.GetPublicAccessBlock, (message) => getPublicAccessBlock(deps, message)),
    handle(mutations.DeletePublicAccessBlock, (message) => deletePublicAccessBlock(deps, message)),
    handle(mutations.PutBucketCors, (message) => putBucketCors(deps, message)),
    handle(reads.GetBucketCors, (message) => getBucketCors(deps, message)),
    handle(mutations.DeleteBucketCors, (message) => deleteBucketCors(deps, message)),

    handle(reads.ListObjects, (message) => listObjects(deps, message)),
    handle(reads.ListObjectsV2, (message) => listObjectsV2(deps, message)),
    handle(reads.ListObjectVersions, (message) => listObjectVersions(deps, message)),

    handle(objectStorage.collect, () => collectNow(deps)),
    handle(outbox.pending, (message) => outboxPending(deps, message)),
    handle(outbox.settle, (message) => outboxSettle(deps, message)),
    handle(statusContracts['object-storage'], () => status(deps)),
  ];
}
