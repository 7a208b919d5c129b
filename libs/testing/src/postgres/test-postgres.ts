import { createHmac, randomBytes } from 'node:crypto';
import type { Database, DatabaseService } from '@coffer/database';
import { openDatabase, provision, schemas } from '@coffer/database';
import { Client, escapeIdentifier } from 'pg';
import { acquireServer } from './server.ts';

/** A fresh database with the roles and schemas of every service. */
export interface TestDatabase {
  readonly name: string;
  /** The administrator's URL of this database. */
  readonly adminUrl: string;
  /** The URL with which this service connects. */
  urlFor(service: DatabaseService): string;
  /** A pool for this service; closed when the database is dropped. */
  open(service: DatabaseService): Database;
  drop(): Promise<void>;
}

export interface TestPostgres extends TestDatabase {
  /** Another fresh database on the same server, whose name begins with this one. */
  database(name: string): Promise<TestDatabase>;
  /** Drops the databases; stops the server when nobody else in this process uses it. Call it in `afterAll`. */
  close(): Promise<void>;
}

function withPath(url: string, database: string, user?: { name: string; password: string }): string {
  const parsed = new URL(url);
  parsed.pathname = `/${database}`;
  if (user) {
    parsed.username = user.name;
    parsed.password = user.password;
  }
  return parsed.href;
}

/** Roles belong to the whole server: each process that shares it must come to the same passwords. */
function passwordOf(adminUrl: string, role: string): string {
  return createHmac('sha256', new URL(adminUrl).password).update(role).digest('base64url');
}

async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`);
  } finally {
    await client.end();
  }
}

async function createDatabase(adminUrl: string, prefix: string): Promise<TestDatabase> {
  const name = `${prefix
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '_')
    .slice(0, 40)}_${randomBytes(6).toString('hex')}`;
  const services = Object.values(schemas).map((entry) => ({ ...entry, password: passwordOf(adminUrl, entry.role) }));
  await provision(adminUrl, { database: name, services });
  const opened: Database[] = [];
  const urlFor = (service: DatabaseService) => {
    const { role } = schemas[service];
    return withPath(adminUrl, name, { name: role, password: passwordOf(adminUrl, role) });
  };
  return {
    name,
    adminUrl: withPath(adminUrl, name),
    urlFor,
    open(service) {
      const database = openDatabase({ url: urlFor(service), applicationName: `test-${service}` });
      opened.push(database);
      return database;
    },
    async drop() {
      await Promise.all(opened.splice(0).map((database) => database.close()));
      await dropDatabase(adminUrl, name);
    },
  };
}

/**
 * A fresh database on a real Postgres: that of `COFFER_TEST_POSTGRES_URL` (an administrator's URL), a container where
 * `COFFER_TEST_CONTAINERS=1`, else an embedded one that all suites of the process share.
 */
export async function testPostgres(name = 'test'): Promise<TestPostgres> {
  const server = await acquireServer();
  const databases: TestDatabase[] = [];
  const database = async (prefix: string) => {
    const created = await createDatabase(server.adminUrl, prefix);
    databases.push(created);
    return created;
  };
  try {
    const first = await database(name);
    return {
      ...first,
      database,
      async close() {
        for (const each of databases.splice(0)) await each.drop();
        await server.release();
      },
    };
  } catch (error) {
    await server.release();
    throw error;
  }
}
