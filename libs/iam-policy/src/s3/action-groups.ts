/** What an S3 action acts upon inside a bucket or access point. */
export type ResourceLevel = 'bucket' | 'object' | 'access-point' | 'access-point-object';

/** Actions that share their resource levels and condition keys; names separated by a space. */
export interface ActionGroup {
  /** Empty: the action acts on an account or on something that is neither bucket nor object. */
  readonly levels: readonly ResourceLevel[];
  /** Lower-case condition keys beyond the common ones; a final `/` stands for any tag key. */
  readonly keys: string;
  readonly actions: string;
}

/** Condition keys that every S3 action knows. Source: AWS Service Authorization Reference, Amazon S3. */
export const COMMON_S3_KEYS: readonly string[] = [
  's3:authtype',
  's3:resourceaccount',
  's3:signatureage',
  's3:signatureversion',
  's3:tlsversion',
  's3:x-amz-content-sha256',
  's3:dataaccesspointarn',
  's3:dataaccesspointaccount',
  's3:accesspointnetworkorigin',
  's3:accessgrantsinstancearn',
  's3:buckettag/',
];

/** Every S3 action that a policy may name. Source: AWS Service Authorization Reference, Amazon S3. */
export const S3_ACTION_GROUPS: readonly ActionGroup[] = [
  {
    levels: [],
    keys: '',
    actions:
      'AssociateAccessGrantsIdentityCenter CreateAccessGrantsInstance CreateAccessPointForObjectLambda ' +
      'CreateMultiRegionAccessPoint CreateStorageLensGroup DeleteAccessGrantsInstance ' +
      'DeleteAccessGrantsInstanceResourcePolicy DeleteAccessPointForObjectLambda ' +
      'DeleteAccessPointPolicyForObjectLambda DeleteMultiRegionAccessPoint DeleteStorageLensConfiguration ' +
      'DeleteStorageLensConfigurationTagging DeleteStorageLensGroup DescribeJob ' +
      'DescribeMultiRegionAccessPointOperation DissociateAccessGrantsIdentityCenter GetAccessGrantsInstance ' +
      'GetAccessGrantsInstanceForPrefix GetAccessGrantsInstanceResourcePolicy ' +
      'GetAccessPointConfigurationForObjectLambda GetAccessPointForObjectLambda ' +
      'GetAccessPointPolicyForObjectLambda GetAccessPointPolicyStatusForObjectLambda ' +
      'GetAccountPublicAccessBlock GetDataAccess GetJobTagging GetMultiRegionAccessPoint ' +
      'GetMultiRegionAccessPointPolicy GetMultiRegionAccessPointPolicyStatus ' +
      'GetMultiRegionAccessPointRoutes GetStorageLensConfiguration GetStorageLensConfigurationTagging ' +
      'GetStorageLensDashboard GetStorageLensGroup ListAccessGrants ListAccessGrantsInstances ' +
      'ListAccessGrantsLocations ListAccessPoints ListAccessPointsForObjectLambda ListAllMyBuckets ' +
      'ListCallerAccessGrants ListJobs ListMultiRegionAccessPoints ListStorageLensConfigurations ' +
      'ListStorageLensGroups PutAccessGrantsInstanceResourcePolicy ' +
      'PutAccessPointConfigurationForObjectLambda PutAccessPointPolicyForObjectLambda ' +
      'PutAccessPointPublicAccessBlock PutAccountPublicAccessBlock PutMultiRegionAccessPointPolicy ' +
      'PutStorageLensConfiguration PutStorageLensConfigurationTagging SubmitMultiRegionAccessPointRoutes ' +
      'UpdateStorageLensGroup',
  },
  {
    levels: [],
    keys: 's3:accessgrantscope',
    actions: 'CreateAccessGrant DeleteAccessGrant GetAccessGrant',
  },
  {
    levels: [],
    keys: 's3:accessgrantslocationscope',
    actions: 'CreateAccessGrantsLocation DeleteAccessGrantsLocation GetAccessGrantsLocation UpdateAccessGrantsLocation',
  },
  {
    levels: [],
    keys: 's3:accesspointtag/',
    actions: 'GetAccessPoint',
  },
  {
    levels: [],
    keys: 's3:existingjoboperation s3:existingjobpriority',
    actions: 'DeleteJobTagging PutJobTagging',
  },
  {
    levels: [],
    keys: 's3:existingjoboperation s3:existingjobpriority s3:jobsuspendedcause',
    actions: 'UpdateJobStatus',
  },
  {
    levels: [],
    keys: 's3:existingjoboperation s3:existingjobpriority s3:requestjobpriority',
    actions: 'UpdateJobPriority',
  },
  {
    levels: [],
    keys: 's3:requestjoboperation s3:requestjobpriority',
    actions: 'CreateJob',
  },
  {
    levels: ['access-point'],
    keys: '',
    actions: 'PutAccessPointPolicy',
  },
  {
    levels: ['access-point'],
    keys: 's3:accesspointtag/',
    actions: 'DeleteAccessPoint DeleteAccessPointPolicy GetAccessPointPolicy GetAccessPointPolicyStatus',
  },
  {
    levels: ['access-point'],
    keys: 's3:accesspointtag/ s3:locationconstraint s3:x-amz-acl',
    actions: 'CreateAccessPoint',
  },
  {
    levels: ['bucket'],
    keys: '',
    actions:
      'CreateBucketMetadataTableConfiguration DeleteBucket DeleteBucketMetadataTableConfiguration ' +
      'DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration GetAnalyticsConfiguration ' +
      'GetBucketAbac GetBucketLogging GetBucketMetadataTableConfiguration GetBucketObjectLockConfiguration ' +
      'GetBucketOwnershipControls GetBucketPolicyStatus GetBucketPublicAccessBlock GetBucketRequestPayment ' +
      'GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration ' +
      'GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration ' +
      'GetMetricsConfiguration GetReplicationConfiguration PutAccelerateConfiguration ' +
      'PutAnalyticsConfiguration PutBucketAbac PutBucketCORS PutBucketLogging PutBucketNotification ' +
      'PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy ' +
      'PutBucketPublicAccessBlock PutBucketRequestPayment PutBucketTagging PutBucketVersioning ' +
      'PutBucketWebsite PutEncryptionConfiguration PutIntelligentTieringConfiguration ' +
      'PutLifecycleConfiguration PutMetricsConfiguration UpdateBucketMetadataInventoryTableConfiguration ' +
      'UpdateBucketMetadataJournalTableConfiguration',
  },
  {
    levels: ['bucket'],
    keys: 's3:accesspointtag/',
    actions: 'ListBucketMultipartUploads',
  },
  {
    levels: ['bucket'],
    keys: 's3:destinationregion',
    actions: 'PauseReplication',
  },
  {
    levels: ['bucket'],
    keys: 's3:inventoryaccessibleoptionalfields',
    actions: 'PutInventoryConfiguration',
  },
  {
    levels: ['bucket'],
    keys: 's3:isreplicationpauserequest',
    actions: 'PutReplicationConfiguration',
  },
  {
    levels: ['bucket'],
    keys:
      's3:locationconstraint s3:x-amz-acl s3:x-amz-bucket-namespace s3:x-amz-grant-full-control ' +
      's3:x-amz-grant-read s3:x-amz-grant-read-acp s3:x-amz-grant-write s3:x-amz-grant-write-acp ' +
      's3:x-amz-object-ownership',
    actions: 'CreateBucket',
  },
  {
    levels: ['bucket'],
    keys:
      's3:x-amz-acl s3:x-amz-grant-full-control s3:x-amz-grant-read s3:x-amz-grant-read-acp ' +
      's3:x-amz-grant-write s3:x-amz-grant-write-acp',
    actions: 'PutBucketAcl',
  },
  {
    levels: ['bucket', 'access-point'],
    keys: '',
    actions:
      'GetBucketAcl GetBucketCORS GetBucketLocation GetBucketNotification GetBucketPolicy ' +
      'ListTagsForResource TagResource UntagResource',
  },
  {
    levels: ['bucket', 'access-point'],
    keys: 's3:delimiter s3:max-keys s3:prefix',
    actions: 'ListBucket ListBucketVersions',
  },
  {
    levels: ['object'],
    keys: '',
    actions:
      'GetObjectTorrent GetObjectVersionForReplication InitiateReplication ObjectOwnerOverrideToBucketOwner ' +
      'ReplicateDelete ReplicateTags',
  },
  {
    levels: ['object'],
    keys: 's3:versionid',
    actions: 'GetObjectVersionTorrent',
  },
  {
    levels: ['object'],
    keys:
      's3:x-amz-server-side-encryption s3:x-amz-server-side-encryption-aws-kms-key-id ' +
      's3:x-amz-server-side-encryption-customer-algorithm',
    actions: 'ReplicateObject',
  },
  {
    levels: ['object', 'access-point-object'],
    keys: '',
    actions: 'AbortMultipartUpload GetObjectLegalHold GetObjectRetention ListMultipartUploadParts RestoreObject',
  },
  {
    levels: ['object', 'access-point-object'],
    keys: 's3:existingobjecttag/',
    actions: 'DeleteObjectTagging GetObject GetObjectAcl GetObjectAttributes GetObjectTagging',
  },
  {
    levels: ['object', 'access-point-object'],
    keys: 's3:existingobjecttag/ s3:requestobjecttag/ s3:requestobjecttagkeys',
    actions: 'PutObjectTagging',
  },
  {
    levels: ['object', 'access-point-object'],
    keys: 's3:existingobjecttag/ s3:requestobjecttag/ s3:requestobjecttagkeys s3:versionid',
    actions: 'PutObjectVersionTagging',
  },
  {
    levels: ['object', 'access-point-object'],
    keys: 's3:existingobjecttag/ s3:versionid',
    actions:
      'DeleteObjectVersionTagging GetObjectVersion GetObjectVersionAcl GetObjectVersionAttributes ' +
      'GetObjectVersionTagging',
  },
  {
    levels: ['object', 'access-point-object'],
    keys:
      's3:existingobjecttag/ s3:versionid s3:x-amz-acl s3:x-amz-grant-full-control s3:x-amz-grant-read ' +
      's3:x-amz-grant-read-acp s3:x-amz-grant-write s3:x-amz-grant-write-acp s3:x-amz-storage-class',
    actions: 'PutObjectVersionAcl',
  },
  {
    levels: ['object', 'access-point-object'],
    keys:
      's3:existingobjecttag/ s3:x-amz-acl s3:x-amz-grant-full-control s3:x-amz-grant-read ' +
      's3:x-amz-grant-read-acp s3:x-amz-grant-write s3:x-amz-grant-write-acp s3:x-amz-storage-class',
    actions: 'PutObjectAcl',
  },
  {
    levels: ['object', 'access-point-object'],
    keys: 's3:if-match',
    actions: 'DeleteObject',
  },
  {
    levels: ['object', 'access-point-object'],
    keys: 's3:object-lock-legal-hold',
    actions: 'PutObjectLegalHold',
  },
  {
    levels: ['object', 'access-point-object'],
    keys: 's3:object-lock-mode s3:object-lock-remaining-retention-days s3:object-lock-retain-until-date',
    actions: 'PutObjectRetention',
  },
  {
    levels: ['object', 'access-point-object'],
    keys:
      's3:objectcreationoperation s3:requestobjecttag/ s3:requestobjecttagkeys s3:if-match s3:if-none-match ' +
      's3:object-lock-legal-hold s3:object-lock-mode s3:object-lock-remaining-retention-days ' +
      's3:object-lock-retain-until-date s3:x-amz-acl s3:x-amz-copy-source s3:x-amz-grant-full-control ' +
      's3:x-amz-grant-read s3:x-amz-grant-read-acp s3:x-amz-grant-write s3:x-amz-grant-write-acp ' +
      's3:x-amz-metadata-directive s3:x-amz-server-side-encryption ' +
      's3:x-amz-server-side-encryption-aws-kms-key-id s3:x-amz-server-side-encryption-customer-algorithm ' +
      's3:x-amz-storage-class s3:x-amz-website-redirect-location',
    actions: 'PutObject',
  },
  {
    levels: ['object', 'access-point-object'],
    keys:
      's3:requestobjecttag/ s3:requestobjecttagkeys s3:x-amz-acl s3:x-amz-copy-source ' +
      's3:x-amz-grant-full-control s3:x-amz-grant-read s3:x-amz-grant-read-acp s3:x-amz-grant-write ' +
      's3:x-amz-grant-write-acp s3:x-amz-metadata-directive s3:x-amz-server-side-encryption ' +
      's3:x-amz-server-side-encryption-aws-kms-key-id s3:x-amz-server-side-encryption-customer-algorithm ' +
      's3:x-amz-storage-class s3:x-amz-website-redirect-location',
    actions: 'BypassGovernanceRetention',
  },
  {
    levels: ['object', 'access-point-object'],
    keys: 's3:versionid',
    actions: 'DeleteObjectVersion',
  },
  {
    levels: ['object', 'access-point-object'],
    keys: 's3:x-amz-server-side-encryption s3:x-amz-server-side-encryption-aws-kms-key-id',
    actions: 'UpdateObjectEncryption',
  },
];
