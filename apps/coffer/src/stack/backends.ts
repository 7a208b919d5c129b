import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { services } from '@coffer/contracts';
import type { Layout } from '../data-folder/layout.ts';
import { natsConfig } from '../deploy/nats-template.ts';
import { busVariable } from '../deploy/variables.ts';
import { PRIVATE_FOLDER, writeFileDurably } from '../files.ts';
import { systemEnvironment } from '../services/environment.ts';
import type { ProcessSpec } from './kept-process.ts';
import { answersHttp, greetsAsNats } from './probes.ts';
import type { StackSecrets } from './secrets.ts';

export const BLOB_BUCKET = 'coffer-blobs';

/** nats-server with one user per service, each behind its own wall, and JetStream that syncs always. */
export function natsSpec(layout: Layout, binary: string, port: number, secrets: StackSecrets): ProcessSpec {
  mkdirSync(layout.nats, { recursive: true, mode: PRIVATE_FOLDER });
  const file = join(layout.nats, 'nats.conf');
  const storeDir = join(layout.nats, 'jetstream');
  writeFileDurably(file, natsConfig({ port, storeDir }));
  const passwords = Object.fromEntries(services.map((service) => [busVariable(service), secrets.bus[service]]));
  return {
    name: 'nats',
    command: binary,
    args: ['-c', file],
    env: { ...systemEnvironment(process.env), ...passwords },
    logFolder: layout.logs,
    runFolder: layout.run,
    watchesSupervisor: false,
    ready: () => greetsAsNats(port),
  };
}

/** MinIO that answers a PUT only when the object is on disk. */
export function minioSpec(layout: Layout, binary: string, port: number, secrets: StackSecrets): ProcessSpec {
  mkdirSync(layout.minio, { recursive: true, mode: PRIVATE_FOLDER });
  return {
    name: 'minio',
    command: binary,
    args: ['server', layout.minio, '--address', `127.0.0.1:${port}`, '--quiet', '--anonymous'],
    env: {
      ...systemEnvironment(process.env),
      // It keeps its client configuration there.
      HOME: layout.minio,
      MINIO_ROOT_USER: secrets.minio.user,
      MINIO_ROOT_PASSWORD: secrets.minio.password,
      MINIO_FS_OSYNC: 'on',
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
    },
    logFolder: layout.logs,
    runFolder: layout.run,
    watchesSupervisor: false,
    ready: () => answersHttp(`http://127.0.0.1:${port}/minio/health/live`),
  };
}
