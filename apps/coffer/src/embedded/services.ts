import { join } from 'node:path';
import { inProcessTransport, type InProcessHub } from '@coffer/bus';
import type { ServiceDefinition } from '@coffer/service-kit';
import type { Layout } from '../data-folder/layout.ts';
import type { Cleanup } from '../services/cleanup.ts';
import type { AppName } from '../services/definitions.ts';
import { environmentOf } from '../services/environment.ts';
import { gatewaySettings, type Listening } from '../services/listening.ts';
import type { TlsFiles } from '../tls/authority.ts';
import type { Logs } from './logs.ts';

type Checks = Awaited<ReturnType<ServiceDefinition['start']>>['checks'];

export interface ServicesOptions {
  readonly definitions: readonly ServiceDefinition[];
  readonly env: NodeJS.ProcessEnv;
  readonly layout: Layout;
  readonly logs: Pick<Logs, 'of'>;
  readonly listening: Listening;
  readonly tls: TlsFiles;
  /** With which URL each service reaches its schema. */
  readonly databases: Readonly<Record<AppName, string>>;
  readonly rootKey: Readonly<Record<string, string>>;
  /** Folder of the gateway's spool, below that of all gateways. */
  readonly spool: string;
}

/** All services in this process, each on the hub as itself. Returns what tells whether they are well. */
export async function startServices(hub: InProcessHub, options: ServicesOptions, cleanup: Cleanup): Promise<Checks> {
  const { env, layout, logs, listening, tls, databases, rootKey } = options;
  const checks: Checks[number][] = [];
  for (const definition of options.definitions) {
    const name = definition.name as AppName;
    const logger = logs.of(name);
    const transport = inProcessTransport(hub, name, { log: logger });
    cleanup.add(`bus of ${name}`, () => transport.drain());
    const listens = { ...gatewaySettings(listening, tls), COFFER_SPOOL_FOLDER: join(layout.spool, options.spool) };
    const settings = {
      COFFER_DATABASE_URL: databases[name],
      COFFER_BLOB_FOLDER: layout.blobs,
      ...rootKey,
      ...(name === 'gateway' ? listens : {}),
    };
    const running = await definition.start({ env: environmentOf(name, env, settings), transport, logger });
    cleanup.add(name, () => running.stop());
    checks.push(...running.checks);
  }
  return checks;
}
