import type { Database, DatabaseOptions } from './database.ts';
import { openDatabase } from './database.ts';
import { requireDurable } from './durable.ts';
import type { Migration } from './migrate.ts';
import { migrate } from './migrate.ts';
import type { DatabaseService } from './schemas.ts';
import { schemas } from './schemas.ts';

export interface ServiceDatabaseOptions {
  readonly service: DatabaseService;
  /** Postgres in the role of the service. */
  readonly url: string;
  /** Connections at most. */
  readonly max: number;
  readonly migrations: readonly Migration[];
  readonly logger: { warn(fields: object, message: string): void };
}

/**
 * Brings the schema of a service up to date, and opens the service's pool.
 * @throws when the server is not durable, when the schema is of a breaking newer release, or Postgres is away
 */
export async function openServiceDatabase(options: ServiceDatabaseOptions): Promise<Database> {
  const { service, url, max, migrations, logger } = options;
  const pool: DatabaseOptions = {
    url,
    applicationName: `coffer-${service}`,
    onError: (error) => logger.warn({ err: error }, 'an idle database connection broke'),
  };
  // On a connection of its own: migrations may change settings that a connection reads when it opens.
  const migrating = openDatabase({ ...pool, max: 1 });
  try {
    await requireDurable(migrating);
    await migrate(migrating, { schema: schemas[service].schema, migrations });
  } finally {
    await migrating.close();
  }
  return openDatabase({ ...pool, max });
}
