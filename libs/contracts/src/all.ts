import * as audit from './audit.ts';
import type { BusEvent, Contract } from './contract.ts';
import * as governance from './governance.ts';
import * as identity from './identity.ts';
import * as kms from './kms.ts';
import * as objectStorage from './object-storage.ts';
import { status } from './status.ts';

/** Every call of the system; the bus permissions that ship are generated from this list. */
export const allContracts: readonly Contract[] = [
  objectStorage.context,
  objectStorage.offerBucketKey,
  objectStorage.findBucketKey,
  objectStorage.locate,
  objectStorage.moreSegments,
  objectStorage.commit,
  objectStorage.deleteVersions,
  objectStorage.createUpload,
  objectStorage.findUpload,
  objectStorage.commitPart,
  objectStorage.completeUpload,
  objectStorage.collect,
  ...Object.values(objectStorage.objectReads),
  ...Object.values(objectStorage.objectMutations),
  identity.lease,
  identity.resolveKey,
  identity.verifySigV2,
  identity.resolvePrincipals,
  identity.userArn,
  identity.createAccount,
  identity.listAccounts,
  identity.firstAccount,
  ...Object.values(identity.identityOperations),
  kms.generateDataKey,
  kms.unwrapDataKey,
  ...Object.values(kms.serviceKey),
  governance.grantDeletion,
  governance.pendingGrants,
  governance.settleGrants,
  audit.record,
  audit.recordGap,
  audit.findRecords,
  ...Object.values(audit.outboxes).flatMap((outbox) => [outbox.pending, outbox.settle]),
  ...Object.values(status),
] as readonly Contract[];

export const allEvents: readonly BusEvent[] = [identity.changed] as readonly BusEvent[];
