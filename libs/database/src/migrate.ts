import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import { escapeIdentifier } from 'pg';
import type { Database } from './database.ts';
import { connection } from './database.ts';
import { mapError, MigrationMismatchError, SchemaTooNewError, sqlState } from './errors.ts';

/** One step of a schema. Never changed once released; a correction is a new step. */
export interface Migration {
  /** 1, 2, 3, … without gaps. */
  id: number;
  name: string;
  /** Any number of statements; they run in the schema, in one transaction. */
  sql: string;
  /** True when a program that does not know this step must not work on the schema. */
  breaking?: boolean;
}

interface Applied {
  id: number;
  name: string;
  checksum: string;
  breaking: boolean;
}

/** Line ends do not count: a checkout on Windows is the same migration. */
function checksum(migration: Migration): string {
  return createHash('sha256').update(migration.sql.replaceAll('\r\n', '\n')).digest('hex');
}

function requireOrder(migrations: readonly Migration[]): void {
  for (const [index, migration] of migrations.entries()) {
    if (migration.id !== index + 1) {
      throw new MigrationMismatchError(`Migration '${migration.name}' has number ${migration.id}, not ${index + 1}.`);
    }
  }
}

function requireSame(schema: string, applied: readonly Applied[], migrations: readonly Migration[]): void {
  for (const [index, row] of applied.entries()) {
    if (row.id !== index + 1) throw new MigrationMismatchError(`Schema ${schema} lacks migration ${index + 1}.`);
    const own = migrations[index];
    if (!own) {
      if (row.breaking) {
        throw new SchemaTooNewError(
          `Schema ${schema} was changed by a newer version (migration ${row.id}, ${row.name}) that this one does not ` +
            'understand. Run the newer version.',
        );
      }
    } else if (checksum(own) !== row.checksum) {
      throw new MigrationMismatchError(
        `Migration ${row.id} (${row.name}) of schema ${schema} was applied with another text than this program carries.`,
      );
    }
  }
}

/** Applies the next step that is missing. Returns false when there is none. */
async function step(client: PoolClient, schema: string, migrations: readonly Migration[]): Promise<boolean> {
  const quoted = escapeIdentifier(schema);
  await client.query('BEGIN; SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0');
  // Other replicas of the service wait here until the step is done.
  await client.query({
    text: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))',
    values: [`coffer.migrate.${schema}`],
  });
  await client.query(
    `SET LOCAL client_min_messages = warning; SET LOCAL search_path = ${quoted};
     CREATE TABLE IF NOT EXISTS ${quoted}.schema_migrations (
       id integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, breaking boolean NOT NULL,
       applied_at timestamptz NOT NULL DEFAULT clock_timestamp())`,
  );
  const { rows } = await client.query<Applied>(
    `SELECT id, name, checksum, breaking FROM ${quoted}.schema_migrations ORDER BY id`,
  );
  requireSame(schema, rows, migrations);
  const next = migrations[rows.length];
  if (next) {
    await client.query(next.sql);
    await client.query({
      text: `INSERT INTO ${quoted}.schema_migrations (id, name, checksum, breaking) VALUES ($1, $2, $3, $4)`,
      values: [next.id, next.name, checksum(next), next.breaking ?? false],
    });
  }
  const done = await client.query('COMMIT');
  if (done.command !== 'COMMIT') throw new MigrationMismatchError(`Migration ${next?.name} ended its own transaction.`);
  return next !== undefined;
}

/**
 * Brings the schema up to date, each step in a transaction of its own, under a lock that replicas share.
 * A newer schema is left as it is: whoever wrote it promised that older programs can work on it, or called it breaking.
 * @throws SchemaTooNewError when a step that this program does not carry is breaking
 * @throws MigrationMismatchError when an applied step has another text, or the numbers have a gap
 */
export async function migrate(
  database: Database,
  options: { schema: string; migrations: readonly Migration[] },
): Promise<void> {
  requireOrder(options.migrations);
  const client = await connection(database);
  try {
    while (await step(client, options.schema, options.migrations));
  } catch (error) {
    // 3F000 invalid_schema_name, 42501 insufficient_privilege
    if (sqlState(error) === '3F000') {
      throw new Error(
        `Schema ${options.schema} does not exist or is hidden from this role; provision the database first.`,
        {
          cause: error,
        },
      );
    }
    throw mapError(error, false);
  } finally {
    // Its session may hold settings or an open transaction.
    client.release(true);
  }
}
