import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, DatabaseOptions } from './database.ts';
import { openDatabase } from './database.ts';
import { requireDurable } from './durable.ts';
import { sqlState } from './errors.ts';
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
  /** Milliseconds that a role or a schema may take to be there. Default 30,000. */
  readonly provisionedWithinMs?: number;
}

/** What a server answers on which the service's role, database, or schema is not there, or not whole, yet. */
const NOT_PROVISIONED = new Set([
  '28P01', // invalid_password: also that of a role which is not there
  '28000', // invalid_authorization_specification
  '3D000', // invalid_catalog_name
  '3F000', // invalid_schema_name
  '42501', // insufficient_privilege
]);
const PROVISIONED_WITHIN_MS = 30_000;
const PAUSE_MS = 250;

/**
 * Where services start beside the one who provisions, some are there first. They try again in place of ending, so that a
 * start is no row of failures.
 */
async function whenProvisioned(options: ServiceDatabaseOptions, attempt: () => Promise<void>): Promise<void> {
  const end = performance.now() + (options.provisionedWithinMs ?? PROVISIONED_WITHIN_MS);
  for (let told = false; ; told = true) {
    try {
      return await attempt();
    } catch (error) {
      const state = sqlState(error) ?? (error instanceof Error ? sqlState(error.cause) : undefined);
      if (state === undefined || !NOT_PROVISIONED.has(state) || performance.now() >= end) throw error;
      if (!told) options.logger.warn({ state }, 'waiting for role and schema to be provisioned');
    }
    await sleep(PAUSE_MS);
  }
}

/**
 * Brings the schema of a service up to date, and opens the service's pool. Waits a while for role and schema to be there.
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
    await whenProvisioned(options, async () => {
      await requireDurable(migrating);
      await migrate(migrating, { schema: schemas[service].schema, migrations });
    });
  } finally {
    await migrating.close();
  }
  return openDatabase({ ...pool, max });
}
