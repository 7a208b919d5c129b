import { InProcessHub, inProcessTransport } from '@coffer/bus';
import { checkFailpoint } from '@coffer/service-kit';
import type { Layout } from '../data-folder/layout.ts';
import { openDataFolder } from '../data-folder/open.ts';
import { rootKeyEnvironment } from '../data-folder/root-key.ts';
import { openChannel } from '../operator/channel-server.ts';
import { oneProcess, type Operator } from '../operator/operator.ts';
import { Cleanup } from '../services/cleanup.ts';
import { loadServices, type AppName } from '../services/definitions.ts';
import { certificateNames, endpointsOf, type Listening } from '../services/listening.ts';
import { assertCanShare, assertPortFree } from '../services/ports.ts';
import { databaseUrl, keepPostgres, newPassword, provisionServices } from '../services/postgres.ts';
import { ensureCertificates } from '../tls/authority.ts';
import { openLogs, type Logs } from './logs.ts';
import { startObservability } from './observability.ts';
import { startServices } from './services.ts';
import { poolSize, startWorkers, stopOldWorkers } from './workers.ts';

export interface UpOptions extends Listening {
  readonly data: string;
  readonly env: NodeJS.ProcessEnv;
  /** How many processes share the work, each with all services; one unless told. */
  readonly processes?: number;
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
  const { processes = 1 } = options;
  const env = { ...poolSize(processes), ...options.env };
  if (processes > 1) assertCanShare('--processes');
  await assertPortFree(options.host, options.port, '--port');
  if (options.httpsPort !== 0) await assertPortFree(options.host, options.httpsPort, '--https-port');
  const logger = logs.of('coffer');
  await stopOldWorkers(layout, logger);
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

  const databases = Object.fromEntries(
    definitions.map(({ name }) => [name, databaseUrl(postgres.adminUrl, name as AppName, passwords[name as AppName])]),
  ) as Record<AppName, string>;
  const { host, port, httpsPort } = options;
  state.checks = await startServices(
    hub,
    {
      definitions,
      env,
      layout,
      logs,
      listening: { host, port, httpsPort, sharedPort: processes > 1 },
      tls,
      databases,
      rootKey,
      spool: 'gateway',
    },
    cleanup,
  );
  if (processes > 1) {
    await startWorkers({ processes, env, layout, logger }, { host, port, httpsPort, databases }, cleanup);
  }
  state.ready = true;
  cleanup.add('readiness', () => void (state.ready = false));
  logger.info({ endpoint: endpoints.endpoint }, 'ready');
  const call: Operator['call'] = (contract, message) => operatorBus.client.call(contract, message);
  return { endpoints, call, callAll: oneProcess(call), close: () => Promise.resolve() };
}
