import type { Body, Encryption, VersionFacts } from '@coffer/contracts';

type StoredTag = { Key: string; Value: string };

/** The columns of a version that describe it; `v` is the table. */
export const factColumns = `v.key, v.internal_version_id, v.version_id, v.is_latest, v.is_delete_marker, v.size, v.etag,
  v.last_modified, v.headers, v.metadata, v.tags, v.tag_revision, v.checksum_algorithm, v.checksum_value, v.checksum_type,
  v.parts_count, v.encryption, v.wrapped_data_key, v.owner_account_id, v.owner_canonical_id`;

export interface FactRow {
  key: string;
  internal_version_id: string;
  version_id: string;
  is_latest: boolean;
  is_delete_marker: boolean;
  size: number;
  etag: string;
  last_modified: number;
  headers: Record<string, string>;
  metadata: Record<string, string>;
  tags: StoredTag[];
  tag_revision: number;
  checksum_algorithm: string | null;
  checksum_value: string | null;
  checksum_type: 'FULL_OBJECT' | 'COMPOSITE' | null;
  parts_count: number | null;
  encryption: Omit<Encryption, 'wrappedDataKey'> | null;
  wrapped_data_key: Buffer | null;
  owner_account_id: string;
  owner_canonical_id: string;
}

export function checksumOf(row: FactRow): VersionFacts['checksum'] {
  if (row.checksum_algorithm === null || row.checksum_value === null || row.checksum_type === null) return undefined;
  return { algorithm: row.checksum_algorithm, value: row.checksum_value, type: row.checksum_type };
}

/** Of a version that has bytes; delete markers have no encryption and are never given out as facts. */
export function factsOf(row: FactRow, withTags: boolean): VersionFacts {
  if (row.encryption === null || row.wrapped_data_key === null) {
    throw new Error(`Version ${row.internal_version_id} has no data key.`);
  }
  const checksum = checksumOf(row);
  return {
    key: row.key,
    internalVersionId: row.internal_version_id,
    versionId: row.version_id,
    isLatest: row.is_latest,
    deleteMarker: row.is_delete_marker,
    size: row.size,
    etag: row.etag,
    lastModified: row.last_modified,
    headers: row.headers,
    metadata: row.metadata,
    tagCount: row.tags.length,
    tagRevision: row.tag_revision,
    encryption: { ...row.encryption, wrappedDataKey: row.wrapped_data_key },
    ownerAccountId: row.owner_account_id,
    ...(checksum ? { checksum } : {}),
    ...(withTags ? { tags: row.tags } : {}),
    ...(row.parts_count === null ? {} : { partsCount: row.parts_count }),
  };
}

export interface BodyColumns {
  blob_id: string | null;
  body: Buffer | null;
  sealed_size: number | null;
  header: Buffer | null;
}

export function bodyOf(row: BodyColumns): Body {
  if (row.blob_id !== null && row.body !== null) return { kind: 'inline', blobId: row.blob_id, sealed: row.body };
  if (row.blob_id !== null && row.sealed_size !== null && row.header !== null) {
    return { kind: 'blob', blobId: row.blob_id, sealedSize: row.sealed_size, header: row.header };
  }
  throw new Error(`The row of blob ${row.blob_id} says nothing about its bytes.`);
}

export function bodyColumns(body: Body | undefined): BodyColumns {
  if (!body) return { blob_id: null, body: null, sealed_size: null, header: null };
  if (body.kind === 'inline') {
    return { blob_id: body.blobId, body: asBuffer(body.sealed), sealed_size: null, header: null };
  }
  return { blob_id: body.blobId, body: null, sealed_size: body.sealedSize, header: asBuffer(body.header) };
}

/** The same bytes as what the database driver takes for bytea. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** S3's times have whole seconds, on the wire and in listings alike. */
export function wholeSeconds(epochMs: number): number {
  return Math.floor(epochMs / 1000) * 1000;
}
