import { InProcessHub } from '@coffer/bus';
import { createLogger } from '@coffer/service-kit';
import { z } from 'zod';
import { layoutOf } from '../data-folder/layout.ts';
import { rootKeyEnvironment } from '../data-folder/root-key.ts';
import { Cleanup } from '../services/cleanup.ts';
import { loadServices, serviceNames, type AppName } from '../services/definitions.ts';
import { certificateNames } from '../services/listening.ts';
import { ensureCertificates } from '../tls/authority.ts';
import { startObservability } from './observability.ts';
import { startServices } from './services.ts';

/** Where the process that starts a worker tells it what to do; holds the passwords of its database roles. */
export const ORDER = 'COFFER_WORKER';

const order = z.object({
  name: z.string(),
  host: z.string(),
  port: z.number(),
  httpsPort: z.number(),
  databases: z.record(z.enum(serviceNames), z.string()),
});
export type WorkerOrder = z.infer<typeof order>;

/**
 * A further process with all services in it, beside the one that has the data folder. They share its database, its
 * bodies and its ports, and nothing else: what one of them may trust of what another one changed is decided by revisions
 * and leases in the database, as among the replicas of a cluster.
 */
export async function runWorker(data: string, env: NodeJS.ProcessEnv): Promise<void> {
  const layout = layoutOf(data);
  const { name, databases, ...listening } = order.parse(JSON.parse(env[ORDER] ?? 'null'));
  const level = env['COFFER_LOG_LEVEL'] || 'info';
  const logs = { of: (service: string) => createLogger({ service, level }) };
  const logger = logs.of('coffer');
  const cleanup = new Cleanup();
  const stop = async (code: number): Promise<void> => {
    const well = await cleanup.run((step, error) => logger.error({ err: error, step }, 'a step of stopping failed'));
    process.exit(well ? code : 1);
  };
  process.once('SIGTERM', () => void stop(0));
  try {
    const state = await startObservability(env, cleanup);
    state.checks = await startServices(
      new InProcessHub(),
      {
        definitions: await loadServices(),
        env,
        layout,
        logs,
        listening: { ...listening, sharedPort: true },
        tls: await ensureCertificates(layout.tls, certificateNames(listening.host, env)),
        databases: databases as Record<AppName, string>,
        rootKey: rootKeyEnvironment(layout, env),
        spool: name,
      },
      cleanup,
    );
    state.ready = true;
    cleanup.add('readiness', () => void (state.ready = false));
    logger.info('ready');
  } catch (error) {
    logger.fatal({ err: error }, 'could not start');
    await stop(1);
  }
}
