import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const START_MS = 60_000;

export interface MinioServer {
  endpoint: string;
  accessKey: string;
  secretKey: string;
  /** Ends the process and removes its data. */
  stop(): Promise<void>;
}

/** The MinIO binary: `COFFER_MINIO_BIN`, else `minio` on PATH, else in `~/go/bin`. */
export function findMinio(): string | undefined {
  const { COFFER_MINIO_BIN: chosen, PATH = '' } = process.env;
  if (chosen) return chosen;
  const folders = [...PATH.split(delimiter).filter(Boolean), join(homedir(), 'go', 'bin')];
  return folders.map((folder) => join(folder, 'minio')).find((path) => existsSync(path));
}

/**
 * The same for a suite that is skipped, and says so, where there is none.
 * @throws Error where `CI=true`: a machine of one's own may lack it, the build that decides may not
 */
export function requiredMinio(): string | undefined {
  const found = findMinio();
  if (found !== undefined) return found;
  const reason = 'MinIO is neither in COFFER_MINIO_BIN nor on PATH nor in ~/go/bin';
  if (process.env['CI'] === 'true') throw new Error(reason);
  console.warn(`skipped: ${reason}`);
  return undefined;
}

/** Starts a real MinIO on free loopback ports, with the durability that Coffer runs it with. */
export async function startMinio(binary: string): Promise<MinioServer> {
  const folder = await mkdtemp(join(tmpdir(), 'coffer-minio-'));
  const [address, consoleAddress] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const credentials = { accessKey: 'coffer-test', secretKey: 'coffer-test-secret' };
  // An environment of its own: the machine's settings for certificates and proxies are not the server's.
  const child = spawn(
    binary,
    ['server', folder, '--quiet', '--address', address, '--console-address', consoleAddress],
    {
      stdio: 'ignore',
      env: {
        HOME: folder,
        PATH: process.env['PATH'],
        MINIO_ROOT_USER: credentials.accessKey,
        MINIO_ROOT_PASSWORD: credentials.secretKey,
        MINIO_FS_OSYNC: 'on',
        MINIO_BROWSER: 'off',
        MINIO_UPDATE: 'off',
      },
    },
  );
  const stop = async () => {
    await ended(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(child, `http://${address}/`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint: `http://${address}`, ...credentials, stop };
}

async function untilReady(child: ChildProcess, url: string): Promise<void> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`MinIO ended with ${child.exitCode}.`);
    const answer = await fetch(url).catch(() => undefined);
    // The health page is early; the S3 side is up when it refuses a nameless caller instead of saying 503.
    if (answer?.status === 403) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('MinIO did not become ready.');
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exit;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
