import { openServiceDatabase, Outbox } from '@coffer/database';
import {
  loadConfig,
  type Logger,
  type RunningService,
  type ServiceContext,
  startNest,
  waitFor,
} from '@coffer/service-kit';
import { ensureFirstAccount, type FirstAccountConfig } from './accounts/ensure-first-account.ts';
import { IdentityModule } from './app.module.ts';
import { type Config, configSchema } from './config.ts';
import type { Deps } from './deps.ts';
import { LeaseWatch } from './epochs/lease-watch.ts';
import { migrations } from './migrations/index.ts';
import { operations } from './operations.ts';
import { ServiceKey } from './secrets/service-key.ts';

const HOUR_MS = 3_600_000;

export async function start(context: ServiceContext): Promise<RunningService> {
  const config = loadConfig(configSchema, context.env);
  const { logger, transport } = context;
  const database = await openServiceDatabase({
    service: 'identity',
    url: config.COFFER_DATABASE_URL,
    max: config.COFFER_DATABASE_CONNECTIONS,
    migrations,
    logger,
  });
  let serviceKey: ServiceKey | undefined;
  try {
    // Not waited for: in one process with the key service, that one may start after this one.
    const key = (serviceKey = new ServiceKey(transport.client, logger));
    const deps: Deps = {
      database,
      outbox: new Outbox(database),
      bus: transport.client,
      serviceKey: key,
      leases: new LeaseWatch(database, logger),
      firstAccount: firstAccountOf(config),
      startedAt: Date.now(),
    };
    const nest = await startNest(IdentityModule, transport, operations(deps), logger);
    const stopFirstAccount = makeFirstAccount(deps, logger);
    const stopPruning = pruneEveryHour(deps, logger);
    return {
      name: 'identity',
      checks: [
        { name: 'database', check: () => database.check() },
        {
          name: 'serviceKey',
          check: () => {
            if (key.problem !== undefined) throw new Error(key.problem);
          },
        },
      ],
      stop: async () => {
        await nest.close();
        key.destroy();
        await stopFirstAccount();
        await stopPruning();
        await database.close();
      },
    };
  } catch (error) {
    serviceKey?.destroy();
    await database.close();
    throw error;
  }
}

function firstAccountOf(config: Config): FirstAccountConfig {
  const name = config.COFFER_ROOT_ACCOUNT_NAME;
  const accessKeyId = config.COFFER_ROOT_ACCESS_KEY_ID;
  const secretAccessKey = config.COFFER_ROOT_SECRET_ACCESS_KEY;
  if (accessKeyId === undefined || secretAccessKey === undefined) return { name };
  return { name, rootKey: { accessKeyId, secretAccessKey } };
}

/** As soon as the key service is there. Returns the function that ends it, once a try under way is done. */
function makeFirstAccount(deps: Deps, logger: Logger): () => Promise<void> {
  const stop = new AbortController();
  const made = deps.serviceKey
    .fetched()
    .then(() => waitFor('the first account', () => ensureFirstAccount(deps), { logger, signal: stop.signal }))
    .then(
      () => undefined,
      (error: unknown) => {
        if (!stop.signal.aborted) logger.error({ err: error }, 'the first account could not be made');
      },
    );
  return () => {
    stop.abort();
    return made;
  };
}

/** Returns the function that ends it, once a round under way is done. */
function pruneEveryHour(deps: Deps, logger: Logger): () => Promise<void> {
  let round = Promise.resolve();
  const timer = setInterval(() => {
    round = Promise.all([deps.outbox.prune(), deps.leases.prune()]).then(
      () => undefined,
      (error: unknown) => logger.warn({ err: error }, 'old outbox entries and leases could not be pruned'),
    );
  }, HOUR_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    return round;
  };
}
