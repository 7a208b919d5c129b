import { Client, escapeIdentifier, escapeLiteral } from 'pg';
import { mapError, sqlState } from './errors.ts';
import { scramVerifier } from './scram.ts';

export interface ProvisionedService {
  role: string;
  schema: string;
  password: string;
}

export interface ProvisionOptions {
  /** Created when absent. */
  database: string;
  services: readonly ProvisionedService[];
}

const name = escapeIdentifier;
const literal = escapeLiteral;

/** Databases that every role may enter on a fresh server. Superusers and owners still can afterwards. */
const MAINTENANCE_DATABASES = ['postgres', 'template1'];

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: url,
    application_name: 'coffer-provision',
    connectionTimeoutMillis: 5_000,
  });
  // A connection that breaks fails the statement under way as well; without a listener it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw mapError(error, false);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function urlOfDatabase(adminUrl: string, database: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${encodeURIComponent(database)}`;
  return url.href;
}

async function createDatabase(client: Client, database: string): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
  if (rowCount) return;
  // From template0, which is the only one that may be copied with another encoding or locale than its own.
  await client.query(`CREATE DATABASE ${name(database)} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`);
}

/** Makes the role and its password as given, and refuses a role that stands above the walls. */
async function ensureRole(client: Client, service: ProvisionedService): Promise<void> {
  const verifier = literal(scramVerifier(service.password));
  const role = name(service.role);
  const { rows } = await client.query<{ above: boolean }>(
    `SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls AS above
       FROM pg_roles WHERE rolname = $1`,
    [service.role],
  );
  if (rows[0]?.above)
    throw new Error(`Role ${service.role} exists with rights over the whole server; take them away first.`);
  await client.query(
    rows.length > 0
      ? `ALTER ROLE ${role} WITH LOGIN NOINHERIT PASSWORD ${verifier}`
      : `CREATE ROLE ${role} WITH LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD ${verifier}`,
  );
  const memberships = await client.query<{ granted: string }>(
    `SELECT pg_get_userbyid(roleid) AS granted FROM pg_auth_members WHERE pg_get_userbyid(member) = $1`,
    [service.role],
  );
  for (const { granted } of memberships.rows) await client.query(`REVOKE ${name(granted)} FROM ${role}`);
}

/** Nobody but the given roles gets into the database; they get nowhere else. */
async function wallDatabases(client: Client, options: ProvisionOptions): Promise<void> {
  const roles = options.services.map((service) => name(service.role)).join(', ');
  for (const database of MAINTENANCE_DATABASES) {
    await client.query(`REVOKE ALL ON DATABASE ${name(database)} FROM PUBLIC`);
  }
  await client.query(`REVOKE ALL ON DATABASE ${name(options.database)} FROM PUBLIC`);
  if (roles !== '') {
    await client.query(`REVOKE ALL ON DATABASE ${name(options.database)} FROM ${roles}`);
    await client.query(`GRANT CONNECT ON DATABASE ${name(options.database)} TO ${roles}`);
  }
}

/** In the database itself: every role sees its own schema and no other, `public` included. */
async function wallSchemas(client: Client, options: ProvisionOptions): Promise<void> {
  await client.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
  for (const { schema } of options.services) {
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${name(schema)}`);
    await client.query(`REVOKE ALL ON SCHEMA ${name(schema)} FROM PUBLIC`);
  }
  for (const { role, schema } of options.services) {
    for (const other of ['public', ...options.services.map((service) => service.schema)]) {
      if (other !== schema) await client.query(`REVOKE ALL ON SCHEMA ${name(other)} FROM ${name(role)}`);
    }
    // The administrator stays the owner, so that the role can neither drop its schema nor give it away.
    await client.query(`GRANT USAGE, CREATE ON SCHEMA ${name(schema)} TO ${name(role)}`);
    await client.query(
      `ALTER ROLE ${name(role)} IN DATABASE ${name(options.database)} SET search_path = ${name(schema)}`,
    );
  }
}

/**
 * Builds the walls between the services: database, roles, schemas, passwords. May be run again at any time, by several
 * at once; it sets passwords to those given and leaves data alone.
 * @param adminUrl a role that may create databases and roles
 * @throws DatabaseUnavailable when the server cannot be reached
 */
export async function provision(adminUrl: string, options: ProvisionOptions): Promise<void> {
  await withClient(adminUrl, async (admin) => {
    await admin.query('SET client_min_messages = error');
    // Held by this session until it ends. Statements on roles by several at once fail ("tuple concurrently updated").
    await admin.query(`SELECT pg_advisory_lock(hashtextextended('coffer.provision', 0))`);
    try {
      await createDatabase(admin, options.database);
    } catch (error) {
      // Made meanwhile by somebody who holds a lock in another database: 42P04 duplicate_database, 23505 unique_violation.
      if (sqlState(error) !== '42P04' && sqlState(error) !== '23505') throw error;
    }
    for (const service of options.services) await ensureRole(admin, service);
    await wallDatabases(admin, options);
    await withClient(urlOfDatabase(adminUrl, options.database), async (client) => {
      await client.query('BEGIN; SET LOCAL client_min_messages = error');
      await wallSchemas(client, options);
      await client.query('COMMIT');
    });
  });
}
