import { openBlobStore, type BlobStore } from '@coffer/blob-store';
import { openServiceDatabase, Outbox, sql, type Database } from '@coffer/database';
import { loadConfig, startNest, type RunningService, type ServiceContext } from '@coffer/service-kit';
import { ObjectStorageModule } from './app.module.ts';
import { startBackground } from './background.ts';
import { configSchema } from './config.ts';
import type { Deps } from './deps.ts';
import { migrations } from './migrations/index.ts';
import { operations } from './operations.ts';
import { OpaqueIds } from './shared/opaque-ids.ts';
import { WaitingRoom } from './shared/waiting-room.ts';

const idSecret = sql('settings.idSecret', 'SELECT id_secret FROM settings');

async function readIds(db: Database): Promise<OpaqueIds> {
  const [row] = await db.query<{ id_secret: Buffer }>(idSecret);
  if (!row) throw new Error('The schema has no secret for version ids.');
  return new OpaqueIds(row.id_secret);
}

export async function start(context: ServiceContext): Promise<RunningService> {
  const config = loadConfig(configSchema, context.env);
  const db = await openServiceDatabase({
    service: 'object-storage',
    url: config.databaseUrl,
    max: config.databaseConnections,
    migrations,
    logger: context.logger,
  });
  let blobs: BlobStore | undefined;
  try {
    const opened = await openBlobStore(config.blobs);
    blobs = opened;
    const deps: Deps = {
      db,
      outbox: new Outbox(db),
      waiting: new WaitingRoom(config.databaseConnections),
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
