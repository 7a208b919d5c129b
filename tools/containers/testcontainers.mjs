// The suites whose servers run in containers when COFFER_TEST_CONTAINERS=1.
import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { root } from '../environment.mjs';
import { suites } from './counts.mjs';

/** Those that ask for a server of their own. */
function files() {
  return globSync('{libs,apps}/*/src/**/*.test.ts', { cwd: root })
    .filter((file) => /\btest(Postgres|Nats|Minio)\(/.test(readFileSync(join(root, file), 'utf8')))
    .sort();
}

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
  return withSocket(engine, (socket) => suites('Testcontainers', files(), { ...env, ...socket }));
}
