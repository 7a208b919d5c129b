import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database, DatabaseOptions, EmbeddedPostgres } from '../index.ts';
import { guard, openDatabase, provision, schemas, startEmbeddedPostgres } from '../index.ts';

/** A database with all roles, on a Postgres that belongs to one test file. */
export interface TestServer {
  postgres: EmbeddedPostgres;
  database: string;
  urlFor(service: keyof typeof schemas, database?: string): string;
  open(service: keyof typeof schemas, options?: Partial<DatabaseOptions>): Database;
  stop(): Promise<void>;
}

export const services = Object.values(schemas).map((entry) => ({ ...entry, password: `secret of ${entry.role}` }));

export async function testServer(): Promise<TestServer> {
  // mkdtemp makes it 0700, so under root Postgres's own account cannot enter it.
  const folder = await mkdtemp(join(tmpdir(), 'coffer-database-test-'));
  const postgres = await startEmbeddedPostgres({ folder: join(folder, 'data', 'postgres') });
  const disarm = guard(postgres.pid, { signal: 'QUIT', folder });
  const database = `coffer_${randomBytes(4).toString('hex')}`;
  await provision(postgres.adminUrl(), { database, services });
  const opened: Database[] = [];
  const urlFor: TestServer['urlFor'] = (service, into = database) => {
    const url = new URL(postgres.adminUrl(into));
    url.username = schemas[service].role;
    url.password = encodeURIComponent(`secret of ${schemas[service].role}`);
    return url.href;
  };
  return {
    postgres,
    database,
    urlFor,
    open(service, options = {}) {
      const db = openDatabase({ url: urlFor(service), applicationName: 'test', ...options });
      opened.push(db);
      return db;
    },
    async stop() {
      await Promise.all(opened.map((db) => db.close()));
      await postgres.stop();
      disarm();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
