// The suites whose servers run in containers when COFFER_TEST_CONTAINERS=1.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { suites } from './counts.mjs';

/** Where each kind of server is used as the subject of a test, and services on a Postgres of their own. */
const FILES = ['libs/testing/src/testing.test.ts', 'apps/kms/src/kms.test.ts', 'apps/audit/src/records/record.test.ts'];

/** Podman answers Docker's API on a socket, for as long as `body` runs. */
async function withSocket(engine, body) {
  if (engine.name === 'docker') return body({});
  const folder = mkdtempSync(join(tmpdir(), 'coffer-podman-'));
  const socket = join(folder, 'podman.sock');
  const args = ['system', 'service', '--time', '0', `unix://${socket}`];
  const service = spawn('podman', args, { env: { ...process.env, ...engine.env }, stdio: 'ignore' });
  const ended = new Promise((resolve) => service.once('close', resolve));
  try {
    for (let n = 0; !existsSync(socket); n += 1) {
      if (n > 100 || service.exitCode !== null) throw new Error('podman system service does not start.');
      await pause(100);
    }
    return await body({ DOCKER_HOST: `unix://${socket}`, TESTCONTAINERS_RYUK_DISABLED: 'true' });
  } finally {
    service.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

export function runTestcontainers(engine, images) {
  const env = { ...engine.env, COFFER_TEST_CONTAINERS: '1' };
  for (const name of ['POSTGRES', 'NATS', 'MINIO']) {
    const image = images[`COFFER_${name}_IMAGE`];
    if (image !== undefined) env[`COFFER_TEST_${name}_IMAGE`] = image;
  }
  return withSocket(engine, (socket) => suites('Testcontainers', FILES, { ...env, ...socket }));
}
