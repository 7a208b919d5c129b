import { openServiceDatabase, type Database } from '@coffer/database';
import { loadConfig, type Logger, type RunningService, type ServiceContext, startNest } from '@coffer/service-kit';
import { KmsModule } from './app.module.ts';
import { configSchema } from './config.ts';
import type { Deps } from './deps.ts';
import { migrations } from './migrations/index.ts';
import { operations } from './operations.ts';
import { RootKeyError, type RootKeySource } from './root-key/read-root-key.ts';
import { Seal } from './root-key/seal.ts';
import { unseal } from './root-key/unseal.ts';

export async function start(context: ServiceContext): Promise<RunningService> {
  const config = loadConfig(configSchema, context.env);
  const { logger, transport } = context;
  const database = await openServiceDatabase({
    service: 'kms',
    url: config.COFFER_DATABASE_URL,
    max: config.COFFER_DATABASE_CONNECTIONS,
    migrations,
    logger,
  });
  try {
    const source = { rootKey: config.COFFER_ROOT_KEY, rootKeyFile: config.COFFER_ROOT_KEY_FILE };
    const seal = await tryUnseal(database, source, logger);
    const deps: Deps = { database, seal, startedAt: Date.now() };
    const nest = await startNest(KmsModule, transport, operations(deps), logger);
    return {
      name: 'kms',
      checks: [
        { name: 'database', check: () => database.check() },
        { name: 'rootKey', check: () => void seal.root() },
      ],
      stop: async () => {
        await nest.close();
        seal.destroy();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Without the right root key the service stays up, so that its status can say why it serves nothing. */
async function tryUnseal(database: Database, source: RootKeySource, logger: Logger): Promise<Seal> {
  try {
    return Seal.opened(await unseal(database, source));
  } catch (error) {
    if (!(error instanceof RootKeyError)) throw error;
    logger.error({ reason: error.message }, 'the key service is sealed and serves no keys');
    return Seal.closed(error.message);
  }
}
