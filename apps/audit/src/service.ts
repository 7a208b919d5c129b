import { openServiceDatabase } from '@coffer/database';
import { loadConfig, type RunningService, type ServiceContext, startNest } from '@coffer/service-kit';
import { AuditModule } from './app.module.ts';
import { startBackground } from './background/background.ts';
import { configSchema } from './config.ts';
import type { Deps } from './deps.ts';
import { migrations } from './migrations/index.ts';
import { operations } from './operations.ts';
import { Partitions } from './partitions/partitions.ts';

export async function start(context: ServiceContext): Promise<RunningService> {
  const config = loadConfig(configSchema, context.env);
  const { logger, transport } = context;
  const database = await openServiceDatabase({
    service: 'audit',
    url: config.COFFER_DATABASE_URL,
    max: config.COFFER_DATABASE_CONNECTIONS,
    migrations,
    logger,
  });
  try {
    const partitions = new Partitions(database);
    await partitions.ensureAhead(Date.now());
    const outcomes = new Map<string, string>();
    const deps: Deps = { database, partitions, startedAt: Date.now(), background: outcomes };
    const nest = await startNest(AuditModule, transport, operations(deps), logger);
    const stopBackground = startBackground(
      { client: transport.client, database, partitions, logger, outcomes },
      config,
    );
    return {
      name: 'audit',
      checks: [{ name: 'database', check: () => database.check() }],
      stop: async () => {
        await stopBackground();
        await nest.close();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}
