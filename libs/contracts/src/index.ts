export * from './contract.ts';
export * from './fault.ts';
export * from './checksums.ts';
export * from './common.ts';
export * from './record.ts';
export * from './forward.ts';
export * from './s3-errors.ts';
export * from './status.ts';
export { allContracts, allEvents } from './all.ts';
export * as objectStorage from './object-storage.ts';
export * as identity from './identity.ts';
export * as kms from './kms.ts';
export * as governance from './governance.ts';
export * as audit from './audit.ts';
export type {
  Body,
  BucketContext,
  BucketKey,
  Checksum,
  Encryption,
  SegmentRef,
  UploadFacts,
  VersionFacts,
} from './object-storage.ts';
export type { AccountFacts, ResolvedPrincipal } from './identity.ts';
export type { StoredRecord } from './audit.ts';
