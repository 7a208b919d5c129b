import { openServiceDatabase, type Database } from '@coffer/database';
import { loadConfig, type Logger, type RunningService, type ServiceContext, startNest } from '@coffer/service-kit';
import { GovernanceModule } from './app.module.ts';
import { configSchema } from './config.ts';
import type { Deps } from './deps.ts';
import { pruneGrants } from './gate/prune-grants.ts';
import { migrations } from './migrations/index.ts';
import { operations } from './operations.ts';
import { rules } from './rules/index.ts';
import { readStates } from './rules/read-states.ts';

const HOUR_MS = 3_600_000;
const KEEP_SETTLED_MS = 7 * 24 * HOUR_MS;

export async function start(context: ServiceContext): Promise<RunningService> {
  const config = loadConfig(configSchema, context.env);
  const { logger, transport } = context;
  const database = await openServiceDatabase({
    service: 'governance',
    url: config.COFFER_DATABASE_URL,
    max: config.COFFER_DATABASE_CONNECTIONS,
    migrations,
    logger,
  });
  try {
    const deps: Deps = { database, rules, readStates, startedAt: Date.now() };
    const nest = await startNest(GovernanceModule, transport, operations(deps), logger);
    const stopPruning = pruneEveryHour(database, logger);
    return {
      name: 'governance',
      checks: [{ name: 'database', check: () => database.check() }],
      stop: async () => {
        await nest.close();
        await stopPruning();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Returns the function that ends it, once a round under way is done. */
function pruneEveryHour(database: Database, logger: Logger): () => Promise<void> {
  let round = Promise.resolve();
  const timer = setInterval(() => {
    round = pruneGrants(database, KEEP_SETTLED_MS).catch((error: unknown) => {
      logger.warn({ err: error }, 'settled deletion grants could not be pruned');
    });
  }, HOUR_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    return round;
  };
}
