import { identity, s3Error, type Forwarded, type ForwardedReply } from '@coffer/contracts';
import { sql } from '@coffer/database';
import {
  isPublic,
  mapPrincipals,
  parsePolicy,
  PolicyError,
  principalsOf,
  type CompiledPolicy,
} from '@coffer/iam-policy';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Deps } from '../deps.ts';
import { changeBucket, readBucket } from '../shared/forwarded.ts';
import { requiredText, text } from '../shared/input.ts';
import type { BucketRow } from './bucket-row.ts';

registerFailpoints('object-storage.put-bucket-policy.after-resolve');

const set = sql('buckets.setPolicy', 'UPDATE buckets SET policy = $2, revision = revision + 1 WHERE bucket_id = $1');

const MAX_PRINCIPALS = 1000;
const UNIQUE_ID = /^(AIDA|AROA)[A-Z0-9]+$/;

const arnOf = (bucketName: string) => `arn:aws:s3:::${bucketName}`;

function parse(policy: string, bucketName: string): CompiledPolicy {
  try {
    return parsePolicy(policy, 's3-bucket', { bucketArn: arnOf(bucketName) });
  } catch (error) {
    if (error instanceof PolicyError) throw s3Error('MalformedPolicy', {}, { message: error.message });
    throw error;
  }
}

function awsPrincipals(policy: CompiledPolicy): string[] {
  const names = principalsOf(policy).flatMap(({ type, value }) => (type === 'AWS' && value !== '*' ? [value] : []));
  // What identity resolves at once; a policy of 20 KB has no room for more ARNs.
  if (names.length > MAX_PRINCIPALS) throw s3Error('MalformedPolicy', {}, { message: 'Invalid principal in policy' });
  return names;
}

/** An account may be named by its number alone. */
function asArn(principal: string): string {
  return /^\d{12}$/.test(principal) ? `arn:aws:iam::${principal}:root` : principal;
}

/**
 * Users and roles are stored by their unique ids, so that a namesake made later gains nothing.
 * @throws Fault MalformedPolicy when the policy names somebody who is not there
 */
async function withStoredPrincipals(deps: Deps, policy: CompiledPolicy): Promise<CompiledPolicy> {
  const arns = awsPrincipals(policy).map(asArn);
  if (arns.length === 0) return policy;
  const { byArn } = await deps.bus.call(identity.resolvePrincipals, { arns, ids: [] });
  const known = new Map(Object.entries(byArn));
  return mapPrincipals(policy, ({ value }) => {
    const stored = known.get(asArn(value));
    if (stored === undefined || stored === null) {
      throw s3Error('MalformedPolicy', { Detail: value }, { message: 'Invalid principal in policy' });
    }
    return stored;
  });
}

/** The other way round; whoever is gone stays as the unique id. */
async function withShownPrincipals(deps: Deps, stored: string, bucketName: string): Promise<string> {
  const policy = parsePolicy(stored, 's3-bucket', { bucketArn: arnOf(bucketName), allowUniqueIds: true });
  const ids = awsPrincipals(policy).filter((value) => UNIQUE_ID.test(value));
  if (ids.length === 0) return stored;
  const { byId } = await deps.bus.call(identity.resolvePrincipals, { arns: [], ids });
  const known = new Map(Object.entries(byId));
  return mapPrincipals(policy, ({ value }) => known.get(value) ?? undefined).text;
}

function blocksPublicPolicies(bucket: BucketRow): boolean {
  return Boolean(
    bucket.public_access_block?.BlockPublicPolicy || bucket.account_public_access_block?.BlockPublicPolicy,
  );
}

function ownAccountOnly(bucket: BucketRow, message: Forwarded): void {
  if (message.caller.principal.accountId !== bucket.owner_account_id) {
    throw s3Error('MethodNotAllowed', { Method: message.draft?.method ?? 'PUT', ResourceType: 'POLICY' });
  }
}

export async function putBucketPolicy(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const name = requiredText(message.input, 'Bucket');
  const given = parse(text(message.input, 'Policy') ?? '', name);
  const policy = await withStoredPrincipals(deps, given);
  failpoint('object-storage.put-bucket-policy.after-resolve');
  return await changeBucket(deps, message, async (tx, bucket) => {
    ownAccountOnly(bucket, message);
    if (blocksPublicPolicies(bucket) && isPublic(policy)) {
      const { arn } = message.caller.principal;
      throw s3Error(
        'AccessDenied',
        {},
        {
          message: `User: ${arn} is not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::${bucket.name}" because public policies are blocked by the BlockPublicPolicy block public access setting.`,
        },
      );
    }
    await tx.execute(set, [bucket.bucket_id, policy.text]);
    return { status: 204 };
  });
}

export function getBucketPolicy(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return readBucket(deps, message, async (bucket) => {
    ownAccountOnly(bucket, message);
    if (bucket.policy === null) throw s3Error('NoSuchBucketPolicy', { BucketName: bucket.name });
    return { Policy: await withShownPrincipals(deps, bucket.policy, bucket.name) };
  });
}

export function deleteBucketPolicy(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  return changeBucket(deps, message, async (tx, bucket) => {
    ownAccountOnly(bucket, message);
    if (bucket.policy !== null) await tx.execute(set, [bucket.bucket_id, null]);
    return { status: 204 };
  });
}
