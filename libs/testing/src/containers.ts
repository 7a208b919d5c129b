import { setTimeout as pause } from 'node:timers/promises';
import type { StartedTestContainer } from 'testcontainers';
import type { TestServer } from './test-server.ts';

/** Whether tests run their servers in containers: `COFFER_TEST_CONTAINERS=1`, which needs a Docker engine. */
export function containersWanted(): boolean {
  return process.env['COFFER_TEST_CONTAINERS'] === '1';
}

export interface ContainerOptions {
  image: string;
  /** The port inside. */
  port: number;
  command?: string[];
  env?: Record<string, string>;
  files?: { target: string; content: string }[];
  /** Whether the server at this port of the host takes connections. */
  ready(port: number): Promise<boolean>;
}

const READY_WITHIN_MS = 60_000;

/** Some engines may not raise a hard limit and refuse a container that does not name its own. */
const ULIMITS = { nofile: { soft: 1024, hard: 1024 }, nproc: { soft: 4096, hard: 4096 } };

async function waitUntilReady(options: ContainerOptions, port: number): Promise<void> {
  for (const end = Date.now() + READY_WITHIN_MS; Date.now() < end; await pause(100)) {
    if (await options.ready(port)) return;
  }
  throw new Error(`The container of ${options.image} does not answer.`);
}

/** Runs a server in a container. Its port changes when it is stopped and started, so such tests run on processes only. */
export async function startContainer(options: ContainerOptions): Promise<TestServer> {
  const { GenericContainer } = await import('testcontainers');
  const container: StartedTestContainer = await new GenericContainer(options.image)
    .withExposedPorts(options.port)
    .withEnvironment(options.env ?? {})
    .withCopyContentToContainer(options.files ?? [])
    .withCommand(options.command ?? [])
    .withUlimits(ULIMITS)
    .start();
  const port = container.getMappedPort(options.port);
  try {
    await waitUntilReady(options, port);
  } catch (error) {
    await container.stop();
    throw error;
  }
  const unsupported = () => Promise.reject(new Error('A container of a test is not killed or restarted.'));
  return {
    port,
    pid: undefined,
    kill: unsupported,
    down: unsupported,
    up: unsupported,
    stop: async () => void (await container.stop()),
  };
}
