import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { binary } from './binary.ts';
import { containersWanted, startContainer } from './containers.ts';
import { scratchFolder } from './folder.ts';
import { freePort } from './free-port.ts';
import { ServerProcess } from './server-process.ts';
import type { TestServer } from './test-server.ts';
import { handles } from './test-server.ts';

export interface TestNatsOptions {
  /** Text of the server's configuration: users, permissions, … Without `listen`/`port` and `jetstream`. */
  config?: string;
  /** JetStream, syncing always. Default false. */
  jetstream?: boolean;
}

export interface TestNats extends TestServer {
  /** `nats://127.0.0.1:port`, without a user. */
  readonly url: string;
}

/** Whether a NATS server greets at this port. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('data', (chunk) => finish(chunk.toString('latin1').startsWith('INFO ')));
  });
}

function configuration(options: TestNatsOptions, listen: string, store: string): string {
  const jetstream = options.jetstream
    ? `jetstream { store_dir: ${JSON.stringify(store)}, sync_interval: always }\n`
    : '';
  return `listen: ${JSON.stringify(listen)}\n${jetstream}${options.config ?? ''}\n`;
}

/** A real nats-server with the given users. */
export async function testNats(options: TestNatsOptions = {}): Promise<TestNats> {
  if (containersWanted()) {
    const server = await startContainer({
      image: process.env['COFFER_TEST_NATS_IMAGE'] ?? 'docker.io/library/nats:2.12-alpine',
      port: 4222,
      command: ['nats-server', '-c', '/etc/nats/test.conf'],
      files: [{ target: '/etc/nats/test.conf', content: configuration(options, '0.0.0.0:4222', '/tmp/jetstream') }],
      ready: greets,
    });
    return Object.assign(server, { url: `nats://127.0.0.1:${server.port}` });
  }
  const program = binary('nats-server');
  const folder = await scratchFolder('nats');
  const port = await freePort();
  const file = join(folder.path, 'nats.conf');
  await writeFile(file, configuration(options, `127.0.0.1:${port}`, join(folder.path, 'jetstream')), { mode: 0o600 });
  const server = new ServerProcess({ program, args: ['-c', file], folder: folder.path, ready: () => greets(port) });
  try {
    await server.start();
  } catch (error) {
    await folder.remove();
    throw error;
  }
  return Object.assign(handles(server, port, folder), { url: `nats://127.0.0.1:${port}` });
}
