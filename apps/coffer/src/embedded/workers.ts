import { mkdirSync } from 'node:fs';
import type { Logger } from '@coffer/service-kit';
import type { Layout } from '../data-folder/layout.ts';
import { PRIVATE_FOLDER } from '../files.ts';
import type { Cleanup } from '../services/cleanup.ts';
import { operatorEnvironment } from '../services/environment.ts';
import { freePort } from '../services/ports.ts';
import { KeptProcess, type ProcessSpec } from '../stack/kept-process.ts';
import { stopLeftovers } from '../stack/leftovers.ts';
import { answersHttp } from '../stack/probes.ts';
import { watchdog } from '../stack/watched.ts';
import { ORDER, type WorkerOrder } from './worker.ts';

/** Connections that the processes of one server may hold together; some are left for the operator's commands. */
const CONNECTIONS = 90;
/** Services with a pool of their own. */
const POOLS = 5;

/** How many connections each service of one process may hold, unless the operator says otherwise. */
export function poolSize(processes: number): Record<string, string> {
  return { COFFER_DATABASE_CONNECTIONS: String(Math.min(10, Math.floor(CONNECTIONS / POOLS / processes))) };
}

/** Ends what an earlier run has left, before the data folder is used. */
export async function stopOldWorkers(layout: Layout, logger: Logger): Promise<void> {
  mkdirSync(layout.run, { recursive: true, mode: PRIVATE_FOLDER });
  for (const name of await stopLeftovers(layout.run, layout.root))
    logger.info({ name }, 'stopped, left by an earlier run');
}

/** Starts the second process and further ones, and keeps them running. */
export async function startWorkers(
  options: { processes: number; env: NodeJS.ProcessEnv; layout: Layout; logger: Logger },
  order: Omit<WorkerOrder, 'name'>,
  cleanup: Cleanup,
): Promise<void> {
  const { processes, env, layout, logger } = options;
  const spec = async (n: number): Promise<ProcessSpec> => {
    const name = `worker-${n}`;
    const health = await freePort();
    const given: WorkerOrder = { ...order, name };
    return {
      name,
      command: process.execPath,
      args: ['--import', watchdog, process.argv[1] ?? '', 'worker', '--data', layout.root],
      env: {
        ...operatorEnvironment(env),
        COFFER_HEALTH_PORT: String(health),
        COFFER_HEALTH_HOST: '127.0.0.1',
        [ORDER]: JSON.stringify(given),
      },
      logFolder: layout.logs,
      runFolder: layout.run,
      watchesSupervisor: true,
      ready: () => answersHttp(`http://127.0.0.1:${health}/readyz`),
    };
  };
  const specs = await Promise.all(Array.from({ length: processes - 1 }, (_, n) => spec(n + 2)));
  const kept = specs.map((each) => new KeptProcess(each, (line) => logger.warn(line)));
  for (const each of kept) each.start();
  cleanup.add('workers', async () => void (await Promise.all(kept.map((each) => each.stop()))));
  await Promise.all(kept.map((each) => each.ready()));
}
