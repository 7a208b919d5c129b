import { fileBlobStore, minioBlobStore, type BlobStore } from '@coffer/blob-store';
import { migrate, openDatabase, Outbox, requireDurable, schemas, sql, type Database } from '@coffer/database';
import { loadConfig, startNest, type RunningService, type ServiceContext } from '@coffer/service-kit';
import { ObjectStorageModule } from './app.module.ts';
import { startBackground } from './background.ts';
import { configSchema, type ObjectStorageConfig } from './config.ts';
import type { Deps } from './deps.ts';
import { migrations } from './migrations/index.ts';
import { operations } from './operations.ts';
import { OpaqueIds } from './shared/opaque-ids.ts';

const idSecret = sql('settings.idSecret', 'SELECT id_secret FROM settings');

function open(context: ServiceContext, config: ObjectStorageConfig, max: number): Database {
  return openDatabase({
    url: config.databaseUrl,
    applicationName: 'coffer-object-storage',
    max,
    onError: (error) => context.logger.warn({ err: error }, 'an idle database connection broke'),
  });
}

/** On connections of its own: the first migration changes settings that a connection reads when it opens. */
async function migrateSchema(context: ServiceContext, config: ObjectStorageConfig): Promise<void> {
  const database = open(context, config, 1);
  try {
    await requireDurable(database);
    await migrate(database, { schema: schemas['object-storage'].schema, migrations });
  } finally {
    await database.close();
  }
}

function openBlobs(config: ObjectStorageConfig): Promise<BlobStore> | BlobStore {
  const { blobs } = config;
  return blobs.endpoint === undefined ? fileBlobStore({ folder: blobs.folder }) : minioBlobStore(blobs);
}

async function readIds(db: Database): Promise<OpaqueIds> {
  const [row] = await db.query<{ id_secret: Buffer }>(idSecret);
  if (!row) throw new Error('The schema has no secret for version ids.');
  return new OpaqueIds(row.id_secret);
}

export async function start(context: ServiceContext): Promise<RunningService> {
  const config = loadConfig(configSchema, context.env);
  await migrateSchema(context, config);
  const db = open(context, config, config.databaseConnections);
  let blobs: BlobStore | undefined;
  try {
    const opened = await openBlobs(config);
    blobs = opened;
    const deps: Deps = {
      db,
      outbox: new Outbox(db),
      bus: context.transport.client,
      blobs: opened,
      ids: await readIds(db),
      config,
      log: context.logger,
      startedAt: Date.now(),
    };
    const nest = await startNest(ObjectStorageModule, context.transport, operations(deps), context.logger);
    const background = startBackground(deps);
    return {
      name: 'object-storage',
      checks: [
        { name: 'database', check: () => db.check() },
        { name: 'blobs', check: () => opened.check() },
      ],
      stop: async () => {
        await background.stop();
        await nest.close();
        await opened.close();
        await db.close();
      },
    };
  } catch (error) {
    await blobs?.close();
    await db.close();
    throw error;
  }
}
