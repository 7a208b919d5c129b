import { Fault, s3Error, type BucketContext, type Forwarded, type Revision } from '@coffer/contracts';
import { sql, type Sql } from '@coffer/database';

export type PublicAccessBlock = NonNullable<BucketContext['publicAccessBlock']>;

/** A bucket with all of its configuration, as it lies in the database. */
export interface BucketRow {
  bucket_id: string;
  name: string;
  region: string;
  owner_account_id: string;
  owner_canonical_id: string;
  created_at: number;
  revision: number;
  account_revision: number;
  versioning: BucketContext['versioning'];
  protected: boolean;
  policy: string | null;
  public_access_block: PublicAccessBlock | null;
  account_public_access_block: PublicAccessBlock | null;
  ownership: BucketContext['ownership'];
  cors: Record<string, unknown>[] | null;
  bucket_key_id: string | null;
  bucket_key_wrapped: Buffer | null;
  bucket_key_created_at: number | null;
}

const columns = `b.bucket_id, b.name, b.region, b.owner_account_id, b.owner_canonical_id, b.created_at, b.revision,
  coalesce(a.revision, 0) AS account_revision, b.versioning, b.protected, b.policy, b.public_access_block,
  a.public_access_block AS account_public_access_block, b.ownership, b.cors, b.bucket_key_id,
  k.wrapped AS bucket_key_wrapped, k.created_at AS bucket_key_created_at`;
const joins = `LEFT JOIN accounts a ON a.account_id = b.owner_account_id
  LEFT JOIN bucket_keys k ON k.bucket_id = b.bucket_id AND k.key_id = b.bucket_key_id`;

const byIds = sql('buckets.byIds', `SELECT ${columns} FROM buckets b ${joins} WHERE b.bucket_id = ANY ($1::uuid[])`);
const byName = sql('buckets.byName', `SELECT ${columns} FROM buckets b ${joins} WHERE b.name = $1`);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether this can be a bucket's id at all; the database refuses the whole statement for one that cannot. */
export function isBucketId(bucketId: string): boolean {
  return UUID.test(bucketId);
}

export async function findBuckets(runner: Sql, bucketIds: Iterable<string>): Promise<Map<string, BucketRow>> {
  const ids = [...new Set(bucketIds)].filter(isBucketId);
  if (ids.length === 0) return new Map();
  const rows = await runner.query<BucketRow>(byIds, [ids]);
  return new Map(rows.map((row) => [row.bucket_id, row]));
}

export async function findBucketByName(runner: Sql, name: string): Promise<BucketRow | undefined> {
  if (name.includes('\0')) return undefined;
  const [row] = await runner.query<BucketRow>(byName, [name]);
  return row;
}

export function contextOf(row: BucketRow): BucketContext {
  return {
    bucketId: row.bucket_id,
    name: row.name,
    region: row.region,
    ownerAccountId: row.owner_account_id,
    ownerCanonicalId: row.owner_canonical_id,
    createdAt: row.created_at,
    revision: { bucketId: row.bucket_id, bucket: row.revision, account: row.account_revision },
    versioning: row.versioning,
    protected: row.protected,
    ownership: row.ownership,
    ...(row.policy === null ? {} : { policy: row.policy }),
    ...(row.public_access_block === null ? {} : { publicAccessBlock: row.public_access_block }),
    ...(row.account_public_access_block === null ? {} : { accountPublicAccessBlock: row.account_public_access_block }),
    ...(row.cors === null ? {} : { cors: row.cors }),
    ...(row.bucket_key_id === null || row.bucket_key_wrapped === null
      ? {}
      : {
          bucketKey: {
            id: row.bucket_key_id,
            wrapped: row.bucket_key_wrapped,
            createdAt: row.bucket_key_created_at ?? 0,
          },
        }),
  };
}

export function isFresh(row: { revision: number; account_revision: number }, revision: Revision): boolean {
  return row.revision === revision.bucket && row.account_revision === revision.account;
}

export function staleContext(row: BucketRow): Fault {
  return new Fault('StaleContext', 'The bucket was changed since the decision.', { status: 409, data: contextOf(row) });
}

export function noSuchBucket(name: string | undefined): Fault {
  return s3Error('NoSuchBucket', name === undefined ? {} : { BucketName: name });
}

/** Why a bucket is not there by its id: it is gone, or its name belongs to another one now (with that one's context). */
export async function goneOrReplaced(runner: Sql, name: string | undefined): Promise<Fault> {
  const other = name === undefined ? undefined : await findBucketByName(runner, name);
  return other ? staleContext(other) : noSuchBucket(name);
}

/**
 * The bucket under which the gateway decided, still as it was then.
 * @throws Fault NoSuchBucket, StaleContext (also with another bucket of the same name, made since)
 */
export async function freshBucket(runner: Sql, revision: Revision, name?: string): Promise<BucketRow> {
  const row = (await findBuckets(runner, [revision.bucketId])).get(revision.bucketId);
  if (!row) throw await goneOrReplaced(runner, name);
  if (!isFresh(row, revision)) throw staleContext(row);
  return row;
}

/** The bucket of a forwarded operation. @throws Fault NoSuchBucket, StaleContext */
export async function bucketOf(runner: Sql, message: Forwarded): Promise<BucketRow> {
  const name = typeof message.input.Bucket === 'string' ? message.input.Bucket : undefined;
  if (message.revision) return await freshBucket(runner, message.revision, name);
  const row = name === undefined ? undefined : await findBucketByName(runner, name);
  if (!row) throw noSuchBucket(name);
  return row;
}
