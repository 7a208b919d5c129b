import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { binary } from './binary.ts';
import { containersWanted, startContainer } from './containers.ts';
import { scratchFolder } from './folder.ts';
import { freePort } from './free-port.ts';
import { ServerProcess } from './server-process.ts';
import type { TestServer } from './test-server.ts';
import { handles } from './test-server.ts';

export interface TestMinio extends TestServer {
  /** `http://127.0.0.1:port`. */
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Where its data lies, for tests that look for plaintext; undefined for a container. */
  readonly folder: string | undefined;
}

async function lives(port: number): Promise<boolean> {
  try {
    // The health page is early; the S3 side is up when it refuses a nameless caller instead of answering 503.
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1_000) });
    await response.body?.cancel();
    return response.status === 403;
  } catch {
    return false;
  }
}

/** A real MinIO on one folder, which answers a PUT only when the object is on disk. */
export async function testMinio(): Promise<TestMinio> {
  const accessKey = `test${randomBytes(6).toString('hex')}`;
  const secretKey = randomBytes(18).toString('base64url');
  const env = {
    MINIO_ROOT_USER: accessKey,
    MINIO_ROOT_PASSWORD: secretKey,
    MINIO_FS_OSYNC: 'on',
    MINIO_BROWSER: 'off',
    MINIO_UPDATE: 'off',
  };
  if (containersWanted()) {
    const server = await startContainer({
      image: process.env['COFFER_TEST_MINIO_IMAGE'] ?? 'docker.io/minio/minio:RELEASE.2025-09-07T16-13-09Z',
      port: 9000,
      command: ['server', '/data', '--address', ':9000'],
      env,
      ready: lives,
    });
    return Object.assign(server, {
      endpoint: `http://127.0.0.1:${server.port}`,
      accessKey,
      secretKey,
      folder: undefined,
    });
  }
  const program = binary('minio');
  const folder = await scratchFolder('minio');
  const data = join(folder.path, 'data');
  const port = await freePort();
  const server = new ServerProcess({
    program,
    args: ['server', data, '--address', `127.0.0.1:${port}`, '--quiet', '--anonymous'],
    env,
    folder: folder.path,
    ready: () => lives(port),
  });
  try {
    await server.start();
  } catch (error) {
    await folder.remove();
    throw error;
  }
  return Object.assign(handles(server, port, folder), {
    endpoint: `http://127.0.0.1:${port}`,
    accessKey,
    secretKey,
    folder: data,
  });
}
