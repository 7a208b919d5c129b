import type { BlobStore } from './blob-store.ts';
import { fileBlobStore } from './file/file-blob-store.ts';
import type { FileBlobStoreOptions } from './file/file-blob-store.ts';
import { minioBlobStore } from './minio/minio-blob-store.ts';
import type { MinioBlobStoreOptions } from './minio/minio-blob-store.ts';

/** Where the blob tier is: in a folder, or in a bucket of an S3-compatible store. */
export type BlobSettings = Pick<FileBlobStoreOptions, 'folder'> | MinioBlobStoreOptions;

/** @throws BlobError as the adapter that the settings speak of */
export function openBlobStore(settings: BlobSettings): Promise<BlobStore> {
  return 'folder' in settings ? fileBlobStore(settings) : minioBlobStore(settings);
}
