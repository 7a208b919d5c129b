import type { Api } from '@coffer/aws-wire';
import { identityOperations } from './iam.ts';
import type { Operation } from './operation.ts';
import { bucketOperations } from './s3-buckets.ts';
import { objectOperations } from './s3-objects.ts';

/** Every operation that is served. What AWS has besides is answered NotImplemented, by its name. */
export const operations: readonly Operation[] = [...bucketOperations, ...objectOperations, ...identityOperations];

const byName = new Map(operations.map((operation) => [`${operation.api}.${operation.name}`, operation]));

export function findOperation(api: Api, name: string): Operation | undefined {
  return byName.get(`${api}.${name}`);
}

export type { Operation } from './operation.ts';
