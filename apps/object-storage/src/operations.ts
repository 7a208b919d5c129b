import type { Registration } from '@coffer/bus';
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
import { answer, answerBatch } from './shared/answers.ts';
import { outboxPending, outboxSettle } from './shared/outbox.ts';
import { status } from './status.ts';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './tags/object-tagging.ts';
import { getObjectAttributes } from './versions/get-object-attributes.ts';

const { objectReads: reads, objectMutations: mutations } = objectStorage;
const outbox = audit.outboxes['object-storage'];

/** Every call that object storage answers. */
export function operations(deps: Deps): Registration[] {
  return [
    answer(objectStorage.context, (message) => context(deps, message)),
    answer(objectStorage.offerBucketKey, (message) => offerBucketKey(deps, message)),
    answer(objectStorage.findBucketKey, (message) => findBucketKey(deps, message)),
    answerBatch(objectStorage.locate, (messages) => locate(deps, messages)),
    answer(objectStorage.moreSegments, (message) => moreSegments(deps, message)),
    answerBatch(objectStorage.commit, (messages) => commit(deps, messages)),
    answer(objectStorage.deleteVersions, (message) => deleteVersions(deps, message)),
    answer(mutations.PutObjectTagging, (message) => putObjectTagging(deps, message)),
    answer(reads.GetObjectTagging, (message) => getObjectTagging(deps, message)),
    answer(mutations.DeleteObjectTagging, (message) => deleteObjectTagging(deps, message)),
    answer(reads.GetObjectAttributes, (message) => getObjectAttributes(deps, message)),

    answer(objectStorage.createUpload, (message) => createUpload(deps, message)),
    answer(objectStorage.findUpload, (message) => findUpload(deps, message)),
    answerBatch(objectStorage.commitPart, (messages) => commitPart(deps, messages)),
    answer(objectStorage.completeUpload, (message) => completeUpload(deps, message)),
    answer(mutations.AbortMultipartUpload, (message) => abortMultipartUpload(deps, message)),
    answer(reads.ListParts, (message) => listParts(deps, message)),
    answer(reads.ListMultipartUploads, (message) => listMultipartUploads(deps, message)),

    answer(mutations.CreateBucket, (message) => createBucket(deps, message)),
    answer(mutations.DeleteBucket, (message) => deleteBucket(deps, message)),
    answer(reads.HeadBucket, (message) => headBucket(deps, message)),
    answer(reads.ListBuckets, (message) => listBuckets(deps, message)),
    answer(reads.GetBucketLocation, (message) => getBucketLocation(deps, message)),
    answer(mutations.PutBucketVersioning, (message) => putBucketVersioning(deps, message)),
    answer(reads.GetBucketVersioning, (message) => getBucketVersioning(deps, message)),
    answer(mutations.PutBucketPolicy, (message) => putBucketPolicy(deps, message)),
    answer(reads.GetBucketPolicy, (message) => getBucketPolicy(deps, message)),
    answer(mutations.DeleteBucketPolicy, (message) => deleteBucketPolicy(deps, message)),
    answer(mutations.PutPublicAccessBlock, (message) => putPublicAccessBlock(deps, message)),
    answer(reads.GetPublicAccessBlock, (message) => getPublicAccessBlock(deps, message)),
    answer(mutations.DeletePublicAccessBlock, (message) => deletePublicAccessBlock(deps, message)),
    answer(mutations.PutBucketCors, (message) => putBucketCors(deps, message)),
    answer(reads.GetBucketCors, (message) => getBucketCors(deps, message)),
    answer(mutations.DeleteBucketCors, (message) => deleteBucketCors(deps, message)),

    answer(reads.ListObjects, (message) => listObjects(deps, message)),
    answer(reads.ListObjectsV2, (message) => listObjectsV2(deps, message)),
    answer(reads.ListObjectVersions, (message) => listObjectVersions(deps, message)),

    answer(objectStorage.collect, () => collectNow(deps)),
    answer(outbox.pending, (message) => outboxPending(deps, message)),
    answer(outbox.settle, (message) => outboxSettle(deps, message)),
    answer(statusContracts['object-storage'], () => status(deps)),
  ];
}
