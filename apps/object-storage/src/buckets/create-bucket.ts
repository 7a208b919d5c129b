import { s3Error, type Fault, type Forwarded, type ForwardedReply } from '@coffer/contracts';
import { sql, violatedConstraint, type Sql } from '@coffer/database';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import { randomUUID } from 'node:crypto';
import type { Deps } from '../deps.ts';
import { draftOf } from '../shared/forwarded.ts';
import { requiredText, structure, text, type Input } from '../shared/input.ts';
import { forAccountBuckets, withLocks } from '../shared/locks.ts';
import { isBucketName } from './bucket-name.ts';
import { findBucketByName, type BucketRow, type PublicAccessBlock } from './bucket-row.ts';
import { regionOf } from './location.ts';

registerFailpoints('object-storage.create-bucket.before-commit', 'object-storage.create-bucket.before-reply');

const ALL_BLOCKED: PublicAccessBlock = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};
const OWNERSHIPS: readonly string[] = ['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter'];
const GRANT_MEMBERS = ['GrantFullControl', 'GrantRead', 'GrantReadACP', 'GrantWrite', 'GrantWriteACP'];

const countBuckets = sql('buckets.count', 'SELECT count(*)::int AS count FROM buckets WHERE owner_account_id = $1');
const insertBucket = sql(
  'buckets.insert',
  `INSERT INTO buckets (bucket_id, name, region, owner_account_id, owner_canonical_id, created_at, public_access_block, ownership)
   VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8)`,
);

/** The ownership of the new bucket. @throws Fault when the request's ACL does not go with it */
function ownershipOf(deps: Deps, input: Input, blocksPublicAcls: boolean): string {
  const asked = text(input, 'ObjectOwnership');
  if (asked !== undefined && !OWNERSHIPS.includes(asked)) {
    throw s3Error('InvalidArgument', { ArgumentName: 'x-amz-object-ownership', ArgumentValue: asked });
  }
  const ownership = asked ?? deps.config.newBucketOwnership;
  const acl = text(input, 'ACL');
  const grants = GRANT_MEMBERS.some((member) => text(input, member) !== undefined);
  if (acl !== undefined && grants) {
    throw s3Error('InvalidRequest', {}, { message: 'Specifying both Canned ACLs and Header Grants is not allowed' });
  }
  if (!grants && (acl === undefined || acl === 'private' || acl === 'bucket-owner-full-control')) return ownership;
  if (ownership === 'BucketOwnerEnforced') throw s3Error('InvalidBucketAclWithObjectOwnership');
  if (blocksPublicAcls && acl?.startsWith('public-')) throw s3Error('AccessDenied');
  throw s3Error('NotImplemented', { Header: grants ? 'x-amz-grant-*' : 'x-amz-acl' });
}

function alreadyThere(existing: BucketRow, message: Forwarded, region: string): Fault | 'same' {
  const name = existing.name;
  if (existing.owner_account_id !== message.caller.principal.accountId) {
    return s3Error('BucketAlreadyExists', { BucketName: name });
  }
  // us-east-1 keeps its oldest behaviour: making one's own bucket again succeeds.
  if (existing.region === 'us-east-1' && region === 'us-east-1') return 'same';
  return s3Error('BucketAlreadyOwnedByYou', { BucketName: name });
}

export async function createBucket(deps: Deps, message: Forwarded): Promise<ForwardedReply> {
  const draft = draftOf(message);
  const { input } = message;
  const { principal, region: signedFor, requestId } = message.caller;
  const name = requiredText(input, 'Bucket');
  if (!isBucketName(name)) throw s3Error('InvalidBucketName', { BucketName: name });
  if (principal.kind === 'anonymous') throw s3Error('AccessDenied');
  if (input.ObjectLockEnabledForBucket === true) {
    throw s3Error('NotImplemented', { Header: 'x-amz-bucket-object-lock-enabled' });
  }
  const constraint = structure(input, 'CreateBucketConfiguration');
  const region = regionOf(signedFor, constraint && text(constraint, 'LocationConstraint'), deps.config.regions);
  const blocked = deps.config.newBucketPublicAccessBlock;
  const ownership = ownershipOf(deps, input, blocked);
  const reply: ForwardedReply = { output: { Location: `/${name}` } };

  const insert = async (tx: Sql): Promise<Fault | ForwardedReply> => {
    const earlier = (await deps.outbox.replies([requestId], tx)).get(requestId);
    if (earlier) return earlier.reply as ForwardedReply;
    const existing = await findBucketByName(tx, name);
    const there = existing && alreadyThere(existing, message, region);
    if (there && there !== 'same') return there;
    const bucketId = existing?.bucket_id ?? randomUUID();
    if (!existing) {
      const [held] = await tx.query<{ count: number }>(countBuckets, [principal.accountId]);
      if ((held?.count ?? 0) >= deps.config.maxBucketsPerAccount) return s3Error('TooManyBuckets');
      const block = blocked ? JSON.stringify(ALL_BLOCKED) : null;
      const { accountId, canonicalId } = principal;
      await tx.execute(insertBucket, [bucketId, name, region, accountId, canonicalId, message.time, block, ownership]);
    }
    await deps.outbox.put(tx, { requestId, draft: { ...draft, bucketId, status: 200 }, reply });
    failpoint('object-storage.create-bucket.before-commit');
    return reply;
  };
  const attempt = () => withLocks(deps, forAccountBuckets(principal.accountId), insert);
  const result = await attempt().catch(async (error: unknown) => {
    // Another account made a bucket of this name at the same moment: now it can be seen.
    if (violatedConstraint(error) !== 'buckets_name_key') throw error;
    return await attempt();
  });
  failpoint('object-storage.create-bucket.before-reply');
  if (result instanceof Error) throw result;
  return result;
}
