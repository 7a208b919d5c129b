import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { binary, freePort } from '@coffer/testing';
import { environmentOf } from '../machine/processes.ts';
import { serverEnvironment, start, type Started } from './started.ts';
import type { Subject } from './subject.ts';

/** What has to be the same when a MinIO is started again on its folder. */
export interface MinioSecrets {
  readonly user: string;
  readonly password: string;
  /** 32 bytes in base64. */
  readonly kmsKey: string;
}

export function minioSecrets(): MinioSecrets {
  return {
    user: `bench${randomBytes(6).toString('hex')}`,
    password: randomBytes(18).toString('base64url'),
    kmsKey: randomBytes(32).toString('base64'),
  };
}

export interface MinioOptions {
  readonly name: string;
  readonly folder: string;
  readonly secrets: MinioSecrets;
  /** Whether every object is encrypted on the server's side, by a key that only the server has. */
  readonly encryption: boolean;
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    // The health page is early; the S3 side is up when it refuses a nameless caller instead of answering 503.
    const response = await fetch(endpoint, { signal: AbortSignal.timeout(1_000) });
    await response.body?.cancel();
    return response.status === 403;
  } catch {
    return false;
  }
}

/** A bare MinIO that answers a PUT only when the object is on disk. */
export async function startMinio(options: MinioOptions): Promise<Subject> {
  const { name, secrets, encryption } = options;
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const data = join(options.folder, name);
  mkdirSync(data, { recursive: true });
  const begin = (sync: 'on' | 'off'): Promise<Started> =>
    start({
      command: binary('minio'),
      args: ['server', data, '--address', `127.0.0.1:${port}`, '--quiet', '--anonymous'],
      env: {
        ...serverEnvironment(),
        // It keeps its client configuration there.
        HOME: options.folder,
        MINIO_ROOT_USER: secrets.user,
        MINIO_ROOT_PASSWORD: secrets.password,
        MINIO_FS_OSYNC: sync,
        MINIO_BROWSER: 'off',
        MINIO_UPDATE: 'off',
        ...(encryption ? { MINIO_KMS_SECRET_KEY: `bench:${secrets.kmsKey}`, MINIO_KMS_AUTO_ENCRYPTION: 'on' } : {}),
      },
      ready: () => answers(endpoint),
    });
  let running = await begin('on');
  return {
    name,
    endpoints: [endpoint],
    region: 'us-east-1',
    credentials: { accessKeyId: secrets.user, secretAccessKey: secrets.password },
    get pid() {
      return running.pid;
    },
    durability: () => Promise.resolve(minioDurability(name, running.pid, encryption)),
    async whileSeeding(work) {
      await running.stop();
      running = await begin('off');
      await work();
      await running.stop();
      running = await begin('on');
    },
    stop: () => running.stop(),
  };
}

/** @throws Error when this MinIO answers before an object is on disk, or encrypts otherwise than it should */
export function minioDurability(name: string, pid: number, encryption: boolean): string[] {
  const env = environmentOf(pid);
  const sync = env.get('MINIO_FS_OSYNC');
  if (sync !== 'on') throw new Error(`${name}: MINIO_FS_OSYNC is ${sync ?? 'not set'} in process ${pid}, not on`);
  const encrypts = env.get('MINIO_KMS_AUTO_ENCRYPTION') === 'on' && env.has('MINIO_KMS_SECRET_KEY');
  if (encrypts !== encryption) throw new Error(`${name}: encryption is ${encrypts ? 'on' : 'off'}`);
  return [
    `${name}: MINIO_FS_OSYNC=on, MINIO_KMS_AUTO_ENCRYPTION=${encrypts ? 'on' : 'off'} (environment of process ${pid})`,
  ];
}
