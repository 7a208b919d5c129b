import { appendFileSync } from 'node:fs';
import { bucketName, cleanUp, newBucket } from '../harness/buckets.ts';
import { MANY_BUCKET } from './many-keys.ts';

/**
 * The hosts file that only this run sees (`tools/clients.mjs` mounts it), absent where there is none. Then the names of
 * buckets do not resolve.
 */
const hosts = process.env['COFFER_CLIENTS_HOSTS'];

export const namesResolve: boolean = hosts !== undefined;

/** Makes the name of a bucket resolve to this machine in virtual-host style. */
export function resolvable(bucket: string): string {
  if (hosts !== undefined) appendFileSync(hosts, `127.0.0.1 ${bucket}.s3.localhost\n`);
  return bucket;
}

/** A bucket for a client, reachable in both styles; it is removed afterwards. */
export async function clientBucket(options: Parameters<typeof newBucket>[0] = {}): Promise<string> {
  return resolvable(await newBucket({ purpose: 'client', ...options }));
}

/** The name of a bucket that the client makes by itself; it is removed afterwards. */
export function bucketToMake(): string {
  return resolvable(cleanUp(bucketName('made')));
}

/** The bucket with more keys than a page of a listing shows, reachable in both styles. */
export function manyKeys(): string {
  return resolvable(MANY_BUCKET);
}
