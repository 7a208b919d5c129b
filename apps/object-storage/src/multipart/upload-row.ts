import { s3Error, type Encryption, type Fault, type Tag, type UploadFacts } from '@coffer/contracts';
import { sql, type Sql } from '@coffer/database';
import { isStorableKey } from '../shared/keys.ts';

export interface UploadRow {
  bucket_id: string;
  key: string;
  upload_id: string;
  internal_version_id: string;
  initiated_at: number;
  initiator_arn: string;
  initiator_id: string;
  owner_account_id: string;
  owner_canonical_id: string;
  headers: Record<string, string>;
  metadata: Record<string, string>;
  tags: Tag[];
  encryption: Omit<Encryption, 'wrappedDataKey'>;
  wrapped_data_key: Buffer;
  checksum_algorithm: string | null;
  checksum_type: 'FULL_OBJECT' | 'COMPOSITE' | null;
}

const find = sql(
  'multipart.find',
  `SELECT u.* FROM unnest($1::uuid[], $2::text[], $3::text[]) AS r (bucket_id, key, upload_id)
     JOIN uploads u ON u.bucket_id = r.bucket_id AND u.key = r.key AND u.upload_id = r.upload_id`,
);

export interface UploadName {
  bucketId: string;
  key: string;
  uploadId: string;
}

export function uploadPlace(upload: UploadName): string {
  return `${upload.bucketId}\0${upload.uploadId}\0${upload.key}`;
}

const UPLOAD_ID = /^[0-9A-Z]{20,64}$/;

/** The uploads that are in progress among those named, by `uploadPlace`. An id counts only together with its key. */
export async function findUploads(runner: Sql, names: readonly UploadName[]): Promise<Map<string, UploadRow>> {
  const known = names.filter((name) => UPLOAD_ID.test(name.uploadId) && isStorableKey(name.key));
  if (known.length === 0) return new Map();
  const unique = [...new Map(known.map((name) => [uploadPlace(name), name])).values()];
  const rows = await runner.query<UploadRow>(find, [
    unique.map((name) => name.bucketId),
    unique.map((name) => name.key),
    unique.map((name) => name.uploadId),
  ]);
  return new Map(
    rows.map((row) => [uploadPlace({ bucketId: row.bucket_id, key: row.key, uploadId: row.upload_id }), row]),
  );
}

export function noSuchUpload(uploadId: string): Fault {
  return s3Error('NoSuchUpload', { UploadId: uploadId.slice(0, 128) });
}

/** @throws Fault NoSuchUpload */
export async function requireUpload(runner: Sql, name: UploadName): Promise<UploadRow> {
  const row = (await findUploads(runner, [name])).get(uploadPlace(name));
  if (!row) throw noSuchUpload(name.uploadId);
  return row;
}

export function declaredChecksum(row: UploadRow): UploadFacts['checksum'] {
  if (row.checksum_algorithm === null || row.checksum_type === null) return undefined;
  return { algorithm: row.checksum_algorithm, type: row.checksum_type };
}

export function encryptionOf(row: UploadRow): Encryption {
  return { ...row.encryption, wrappedDataKey: row.wrapped_data_key };
}

export function uploadFactsOf(row: UploadRow): UploadFacts {
  const checksum = declaredChecksum(row);
  return {
    uploadId: row.upload_id,
    bucketId: row.bucket_id,
    key: row.key,
    internalVersionId: row.internal_version_id,
    encryption: encryptionOf(row),
    initiatorArn: row.initiator_arn,
    ...(checksum ? { checksum } : {}),
  };
}
