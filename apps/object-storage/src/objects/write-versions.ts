import type { Body, Checksum, Encryption, Tag } from '@coffer/contracts';
import { byteaArray, sql, type Sql } from '@coffer/database';
import { asBuffer, bodyColumns } from '../versions/version-row.ts';

/** A version or delete marker with its place. */
export interface VersionToWrite {
  bucketId: string;
  key: string;
  orderNo: number;
  versionId: string;
  internalVersionId: string;
  isLatest: boolean;
  deleteMarker: boolean;
  size: number;
  etag: string;
  lastModified: number;
  headers: Record<string, string>;
  metadata: Record<string, string>;
  tags: readonly Tag[];
  checksum?: Checksum | undefined;
  encryption?: Encryption | undefined;
  ownerAccountId: string;
  ownerCanonicalId: string;
  body?: Body | undefined;
  partsCount?: number | undefined;
}

const insert = sql(
  'objects.insertVersions',
  `INSERT INTO versions (bucket_id, key, order_no, version_id, internal_version_id, is_latest, is_delete_marker, size, etag,
     last_modified, headers, metadata, tags, checksum_algorithm, checksum_value, checksum_type, encryption,
     wrapped_data_key, owner_account_id, owner_canonical_id, blob_id, body, sealed_size, header, parts_count)
   SELECT r.bucket_id, r.key, r.order_no, r.version_id, r.internal_version_id, r.is_latest, r.is_delete_marker, r.size, r.etag,
     r.last_modified, r.headers::json, r.metadata::json, r.tags::json, r.checksum_algorithm, r.checksum_value,
     r.checksum_type, r.encryption::json, r.wrapped_data_key, r.owner_account_id, r.owner_canonical_id, r.blob_id, r.body,
     r.sealed_size, r.header, r.parts_count
   FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::boolean[], $7::boolean[], $8::bigint[],
     $9::text[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[],
     $18::bytea[], $19::text[], $20::text[], $21::text[], $22::bytea[], $23::bigint[], $24::bytea[], $25::int[])
     AS r (bucket_id, key, order_no, version_id, internal_version_id, is_latest, is_delete_marker, size, etag,
     last_modified, headers, metadata, tags, checksum_algorithm, checksum_value, checksum_type, encryption,
     wrapped_data_key, owner_account_id, owner_canonical_id, blob_id, body, sealed_size, header, parts_count)`,
);

function encryptionColumns(encryption: Encryption | undefined): [json: string | null, wrapped: Buffer | null] {
  if (!encryption) return [null, null];
  const { wrappedDataKey, ...rest } = encryption;
  return [JSON.stringify(rest), asBuffer(wrappedDataKey)];
}

function rowOf(version: VersionToWrite): unknown[] {
  const [encryption, wrapped] = encryptionColumns(version.encryption);
  const body = bodyColumns(version.body);
  return [
    version.bucketId,
    version.key,
    version.orderNo,
    version.versionId,
    version.internalVersionId,
    version.isLatest,
    version.deleteMarker,
    version.size,
    version.etag,
    version.lastModified,
    JSON.stringify(version.headers),
    JSON.stringify(version.metadata),
    JSON.stringify(version.tags),
    version.checksum?.algorithm ?? null,
    version.checksum?.value ?? null,
    version.checksum?.type ?? null,
    encryption,
    wrapped,
    version.ownerAccountId,
    version.ownerCanonicalId,
    body.blob_id,
    body.body,
    body.sealed_size,
    body.header,
    version.partsCount ?? null,
  ];
}

const COLUMNS = 25;
/** Places of the columns that are `bytea`: wrapped_data_key, body, header. */
const BYTES: ReadonlySet<number> = new Set([17, 21, 23]);

export async function insertVersions(tx: Sql, versions: readonly VersionToWrite[]): Promise<void> {
  if (versions.length === 0) return;
  const rows = versions.map(rowOf);
  const columns = Array.from({ length: COLUMNS }, (_, column) => {
    const values = rows.map((row) => row[column]);
    return BYTES.has(column) ? byteaArray(values as (Buffer | null)[]) : values;
  });
  await tx.execute(insert, columns);
}

const latest = sql(
  'objects.setLatest',
  `UPDATE versions v SET is_latest = $4
     FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS r (bucket_id, key, order_no)
    WHERE v.bucket_id = r.bucket_id AND v.key = r.key AND v.order_no = r.order_no`,
);

export interface PlaceRef {
  bucketId: string;
  key: string;
  orderNo: number;
}

/** These versions become the newest of their keys, or stop being it. */
export async function setLatest(tx: Sql, places: readonly PlaceRef[], isLatest: boolean): Promise<void> {
  if (places.length === 0) return;
  await tx.execute(latest, [
    places.map((place) => place.bucketId),
    places.map((place) => place.key),
    places.map((place) => place.orderNo),
    isLatest,
  ]);
}

const claim = sql(
  'blobs.claim',
  `INSERT INTO blob_claims (blob_id, bucket_id, state)
   SELECT r.blob_id, r.bucket_id, r.state FROM unnest($1::text[], $2::uuid[], $3::text[]) AS r (blob_id, bucket_id, state)`,
);

export interface BlobClaim {
  blobId: string;
  bucketId: string;
  /** `doomed` for what was overwritten before anybody saw it. */
  state: 'live' | 'doomed';
}

/** Claims blobs; fails on the unique key when the collector, or another version, has claimed one of them before. */
export async function claimBlobs(tx: Sql, claims: readonly BlobClaim[]): Promise<void> {
  if (claims.length === 0) return;
  // In one order everywhere, so that a commit and the collector never wait for each other in a circle.
  const sorted = claims.toSorted((a, b) => (a.blobId < b.blobId ? -1 : 1));
  await tx.execute(claim, [
    sorted.map((entry) => entry.blobId),
    sorted.map((entry) => entry.bucketId),
    sorted.map((entry) => entry.state),
  ]);
}

const doom = sql(
  'blobs.doom',
  `UPDATE blob_claims SET state = 'doomed', since = clock_timestamp() WHERE blob_id = ANY ($1::text[])`,
);

/** Nothing refers to these blobs any more. */
export async function doomBlobs(tx: Sql, blobIds: readonly string[]): Promise<void> {
  if (blobIds.length > 0) await tx.execute(doom, [blobIds]);
}
