import { join } from 'node:path';
import { InProcessHub, inProcessTransport } from '@coffer/bus';
import {
  checkFailpoint,
  listenHealth,
  startTracing,
  watchProcess,
  type HealthState,
  type ServiceDefinition,
} from '@coffer/service-kit';
import type { Layout } from '../data-folder/layout.ts';
import { openDataFolder } from '../data-folder/open.ts';
import { rootKeyEnvironment } from '../data-folder/root-key.ts';
import { openChannel } from '../operator/channel-server.ts';
import { oneProcess, type Operator } from '../operator/operator.ts';
import { Cleanup } from '../services/cleanup.ts';
import { loadServices, type AppName } from '../services/definitions.ts';
import { environmentOf } from '../services/environment.ts';
import { certificateNames, endpointsOf, gatewaySettings, type Listening } from '../services/listening.ts';
import { assertPortFree } from '../services/ports.ts';
import { databaseUrl, keepPostgres, newPassword, provisionServices } from '../services/postgres.ts';
import { ensureCertificates } from '../tls/authority.ts';
import { openLogs, type Logs } from './logs.ts';

export interface UpOptions extends Listening {
  readonly data: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A running Coffer, whichever mode it runs in. */
export interface Running {
  readonly layout: Layout;
  readonly operator: Operator;
  /** Gateway first, database last. Returns whether all went well. */
  stop(): Promise<boolean>;
}

/** Everything in this process, with a Postgres beside it. Rejects with one clear error, and leaves nothing running. */
export async function startEmbedded(options: UpOptions): Promise<Running> {
  const { layout, lock } = openDataFolder(options.data, 'embedded');
  const cleanup = new Cleanup();
  cleanup.add('lock', () => lock.release());
  const logs = openLogs(layout.logs, options.env['COFFER_LOG_LEVEL'] || 'info');
  cleanup.add('logs', () => logs.close());
  const logger = logs.of('coffer');
  const stop = (): Promise<boolean> =>
    cleanup.run((name, error) => logger.error({ err: error, step: name }, 'a step of stopping failed'));
  try {
    const operator = await startAll(options, layout, logs, cleanup);
    return { layout, operator, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startAll(options: UpOptions, layout: Layout, logs: Logs, cleanup: Cleanup): Promise<Operator> {
  const { env } = options;
  await assertPortFree(options.host, options.port, '--port');
  if (options.httpsPort !== 0) await assertPortFree(options.host, options.httpsPort, '--https-port');
  const logger = logs.of('coffer');
  const rootKey = rootKeyEnvironment(layout, env);
  const tls = await ensureCertificates(layout.tls, certificateNames(options.host, env));
  const endpoints = endpointsOf(options, tls, env);

  const hub = new InProcessHub();
  const operatorBus = inProcessTransport(hub, 'operator', { log: logger });
  cleanup.add('operator', () => operatorBus.drain());
  // Open while the rest starts, so that `coffer status` can say how far it is.
  const channel = await openChannel(layout.socket, operatorBus.client, endpoints);
  cleanup.add('channel', () => channel.close());

  const state = await startObservability(env, cleanup);
  const [postgres, definitions] = await Promise.all([
    keepPostgres(layout.postgres, { info: (line) => logger.info(line), warn: (line) => logger.warn(line) }).then(
      (kept) => {
        cleanup.add('postgres', () => kept.stop());
        return kept;
      },
    ),
    loadServices(),
  ]);
  checkFailpoint();
  const passwords = Object.fromEntries(definitions.map(({ name }) => [name, newPassword()])) as Record<AppName, string>;
  await provisionServices(postgres.adminUrl, passwords);

  const start = async (definition: ServiceDefinition): Promise<void> => {
    const name = definition.name as AppName;
    const serviceLog = logs.of(name);
    const transport = inProcessTransport(hub, name, { log: serviceLog });
    cleanup.add(`bus of ${name}`, () => transport.drain());
    const settings = {
      COFFER_DATABASE_URL: databaseUrl(postgres.adminUrl, name, passwords[name]),
      COFFER_BLOB_FOLDER: layout.blobs,
      ...rootKey,
      ...(name === 'gateway'
        ? { ...gatewaySettings(options, tls), COFFER_SPOOL_FOLDER: join(layout.spool, 'gateway') }
        : {}),
    };
    const running = await definition.start({ env: environmentOf(name, env, settings), transport, logger: serviceLog });
    cleanup.add(name, () => running.stop());
    state.checks = [...state.checks, ...running.checks];
  };
  for (const definition of definitions) await start(definition);
  state.ready = true;
  cleanup.add('readiness', () => void (state.ready = false));
  logger.info({ endpoint: endpoints.endpoint }, 'ready');
  const call: Operator['call'] = (contract, message) => operatorBus.client.call(contract, message);
  return { endpoints, call, callAll: oneProcess(call), close: () => Promise.resolve() };
}

/** Traces and metrics as each service on its own would offer them, if the environment asks for them. */
async function startObservability(env: NodeJS.ProcessEnv, cleanup: Cleanup): Promise<HealthState> {
  const state: HealthState = { ready: false, checks: [] };
  const url = env['COFFER_OTLP_URL'];
  cleanup.add('tracing', startTracing({ service: 'coffer', ...(url ? { url } : {}) }));
  const port = Number(env['COFFER_HEALTH_PORT'] ?? 0);
  if (port > 0) {
    watchProcess();
    const listener = await listenHealth(state, env['COFFER_HEALTH_HOST'] || '127.0.0.1', port);
    cleanup.add('health', () => listener.close());
  }
  return state;
}
