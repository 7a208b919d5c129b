import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { fileBlobStore, memoryBlobStore, minioBlobStore } from './index.ts';
import { blobStoreContract } from './testkit/contract.ts';
import { requiredMinio, startMinio } from './testkit/minio-server.ts';

describe('memory', () => {
  blobStoreContract(async () => ({ store: memoryBlobStore(), dispose: async () => {} }), { streaming: false });
});

describe('file system', () => {
  blobStoreContract(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'coffer-blobs-'));
    return { store: await fileBlobStore({ folder }), dispose: () => rm(folder, { recursive: true, force: true }) };
  });
});

const minio = requiredMinio();
describe.skipIf(!minio)('MinIO', () => {
  blobStoreContract(async () => {
    const server = await startMinio(minio ?? '');
    return { store: await minioBlobStore({ ...server, bucket: 'blobs' }), dispose: () => server.stop() };
  });
});
