import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { services, type ServiceName } from '@coffer/contracts';
import {
  findNatsServer,
  natsTransport,
  renderNatsConfig,
  startNatsServer,
  type BusTransport,
  type NatsServerProcess,
} from '../src/index.ts';
import { allContracts, allEvents } from './contracts.ts';
import type { World } from './world.ts';

export const passwordOf = (service: ServiceName): string => `pass "word" \\ of ${service}`;

export function natsBinary(): string | undefined {
  const binary = findNatsServer();
  // A machine of one's own may lack the broker; the build that decides may not.
  if (binary === undefined && process.env['CI'] === 'true') throw new Error('nats-server is missing');
  return binary;
}

export const skipReason = 'nats-server is neither in COFFER_NATS_BIN nor on PATH';

export interface NatsWorld extends World {
  server: NatsServerProcess;
  log(): string;
  /** Ends the broker as a crash would and starts another on the same port. */
  restart(pauseMs: number): Promise<void>;
  transport(service: ServiceName): Promise<BusTransport>;
}

export async function natsWorld(
  binary: string,
  change: (config: string) => string = (config) => config,
): Promise<NatsWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'coffer-bus-'));
  const render = (port: number): string =>
    change(
      renderNatsConfig({
        users: services.map((service) => ({ service, password: passwordOf(service) })),
        contracts: allContracts,
        events: allEvents,
        port,
        storeDir: join(folder, 'jetstream'),
      }),
    );
  const world: NatsWorld = {
    server: await startNatsServer({ binary, folder, config: render(-1) }),
    log: () => readFileSync(join(folder, 'nats.log'), 'utf8'),
    transport: (service) =>
      natsTransport({ servers: [world.server.url], service, user: service, password: passwordOf(service) }),
    restart: async (pauseMs) => {
      await world.server.stop('SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      world.server = await startNatsServer({ binary, folder, config: render(Number(new URL(world.server.url).port)) });
    },
    close: async () => {
      await world.server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}
