import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { minioBlobStore, newBlobId } from '../index.ts';
import type { BlobStore } from '../index.ts';
import { requiredMinio, startMinio } from '../testkit/minio-server.ts';

const credentials = { accessKey: 'access', secretKey: 'a-very-secret-key', bucket: 'blobs' };
const one = async function* (bytes: Buffer) {
  yield bytes;
};

/** Answers that a healthy MinIO gives only in a bad hour, from a server that speaks its protocol. */
describe('answers of a store in trouble', () => {
  let server: Server | undefined;
  let store: BlobStore | undefined;
  afterEach(async () => {
    await store?.close();
    server?.closeAllConnections();
    server?.close();
  });

  async function storeAnswering(answer: RequestListener): Promise<BlobStore> {
    server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
      if (pathname.split('/').filter(Boolean).length > 1) answer(request, response);
      else if (searchParams.has('versioning')) response.end('<VersioningConfiguration/>');
      else response.end();
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    store = await minioBlobStore({ ...credentials, endpoint: `http://127.0.0.1:${port}` });
    return store;
  }

  const failing =
    (status: number, code: string): RequestListener =>
    (request, response) => {
      request.resume().on('end', () => {
        response.statusCode = status;
        response.end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
      });
    };

  it.each([
    [507, 'XMinioStorageFull', 'BlobStoreFull', false],
    [503, 'SlowDown', 'BlobStoreUnavailable', true],
    [500, 'InternalError', 'BlobStoreUnavailable', true],
    [403, 'AccessDenied', 'BlobStoreUnavailable', false],
    [404, 'NoSuchBucket', 'BlobStoreUnavailable', false],
    [412, 'PreconditionFailed', 'BlobExists', false],
  ])('%i %s is %s', async (status, answer, code, retryable) => {
    const subject = await storeAnswering(failing(status, answer));
    const error = await subject.put(newBlobId(), 1, one(Buffer.from('x'))).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, retryable });
    expect(String(error)).not.toMatch(/Signature|Credential|a-very-secret-key/i);
  });

  it('a body that ends early fails', async () => {
    const subject = await storeAnswering((_request, response) => {
      response.setHeader('content-length', '1000');
      response.write('part');
      setTimeout(() => response.destroy(), 20);
    });
    const stream = await subject.get(newBlobId());
    await expect(stream.toArray()).rejects.toThrow();
  });

  it('a connection that breaks before the answer is named', async () => {
    const subject = await storeAnswering((request) => request.socket.destroy());
    await expect(subject.put(newBlobId(), 1, one(Buffer.from('x')))).rejects.toMatchObject({
      code: 'BlobStoreUnavailable',
      retryable: true,
    });
    await expect(subject.get(newBlobId())).rejects.toMatchObject({ code: 'BlobStoreUnavailable', retryable: true });
  });
});

describe('opening', () => {
  it('names a store that is not there, and an endpoint that is none', async () => {
    const absent = minioBlobStore({ ...credentials, endpoint: 'http://127.0.0.1:9' });
    await expect(absent).rejects.toMatchObject({ code: 'BlobStoreUnavailable', retryable: true });
    for (const endpoint of ['ftp://host', 'http://host/path', 'http://user:pw@host']) {
      await expect(minioBlobStore({ ...credentials, endpoint })).rejects.toThrow(TypeError);
    }
  });

  const binary = requiredMinio();
  it.skipIf(!binary)('refuses wrong credentials and a versioned bucket (skipped without MinIO)', async () => {
    const { Client } = await import('minio');
    const server = await startMinio(binary ?? '');
    try {
      const wrong = minioBlobStore({ ...server, secretKey: 'wrong-secret', bucket: 'blobs' });
      await expect(wrong).rejects.toMatchObject({ code: 'BlobStoreUnavailable', retryable: false });
      const { hostname, port } = new URL(server.endpoint);
      const client = new Client({ ...server, endPoint: hostname, port: Number(port), useSSL: false });
      await client.makeBucket('versioned');
      await client.setBucketVersioning('versioned', { Status: 'Enabled' });
      const versioned = minioBlobStore({ ...server, bucket: 'versioned' });
      await expect(versioned).rejects.toMatchObject({ code: 'BlobStoreUnavailable', retryable: false });
      // As when several processes start together for the first time.
      const together = await Promise.all(
        Array.from({ length: 8 }, () => minioBlobStore({ ...server, bucket: 'together' })),
      );
      await Promise.all(together.map((each) => each.close()));
      const store = await minioBlobStore({ ...server, bucket: 'blobs' });
      await server.stop();
      await expect(store.check()).rejects.toMatchObject({ code: 'BlobStoreUnavailable', retryable: true });
      await store.close();
    } finally {
      await server.stop();
    }
  });
});
