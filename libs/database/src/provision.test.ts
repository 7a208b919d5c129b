import type { DatabaseError } from 'pg';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseService } from './index.ts';
import { DatabaseUnavailable, provision, schemas } from './index.ts';
import type { TestServer } from './testkit/server.ts';
import { services, testServer } from './testkit/server.ts';

let server: TestServer;
const names = Object.keys(schemas) as DatabaseService[];

/** Runs the text as the service; returns the SQLSTATE of the refusal, or 'allowed'. */
async function attempt(service: DatabaseService, text: string, database?: string): Promise<string> {
  const client = new Client({ connectionString: server.urlFor(service, database) });
  try {
    await client.connect();
    await client.query(text);
    return 'allowed';
  } catch (error) {
    return (error as DatabaseError).code ?? 'no state';
  } finally {
    await client.end();
  }
}

const DENIED = '42501';

beforeAll(async () => {
  server = await testServer();
  for (const service of names) {
    expect(await attempt(service, 'CREATE TABLE own (secret text)')).toBe('allowed');
  }
});
afterAll(() => server.stop());

describe('the wall between services', () => {
  it('lets each role work in its own schema, by default', async () => {
    for (const service of names) {
      const { schema } = schemas[service];
      expect(await attempt(service, `INSERT INTO own VALUES ('x'); SELECT * FROM ${schema}.own`)).toBe('allowed');
    }
  });

  it('lets no role read, write or create in the schema of another', async () => {
    for (const service of names) {
      for (const other of names.filter((each) => each !== service)) {
        const { schema } = schemas[other];
        expect(await attempt(service, `SELECT * FROM ${schema}.own`)).toBe(DENIED);
        expect(await attempt(service, `INSERT INTO ${schema}.own VALUES ('x')`)).toBe(DENIED);
        expect(await attempt(service, `CREATE TABLE ${schema}.intruder (x int)`)).toBe(DENIED);
      }
    }
  });

  it('lets no role create in public, nor schemas, databases, roles, temporary tables', async () => {
    for (const service of names) {
      expect(await attempt(service, 'CREATE TABLE public.x (x int)')).toBe(DENIED);
      expect(await attempt(service, 'CREATE SCHEMA mine')).toBe(DENIED);
      expect(await attempt(service, 'CREATE DATABASE mine')).toBe(DENIED);
      expect(await attempt(service, 'CREATE ROLE mine')).toBe(DENIED);
      expect(await attempt(service, 'CREATE TEMP TABLE mine (x int)')).toBe(DENIED);
    }
  });

  it('lets no role enter another database', async () => {
    for (const service of names) {
      expect(await attempt(service, 'SELECT 1', 'postgres')).toBe(DENIED);
      expect(await attempt(service, 'SELECT 1', 'template1')).toBe(DENIED);
    }
  });

  it('lets no role become another, drop its schema, read files or passwords', async () => {
    for (const service of names) {
      const { schema } = schemas[service];
      expect(await attempt(service, 'SET ROLE postgres')).toBe(DENIED);
      expect(await attempt(service, `DROP SCHEMA ${schema} CASCADE`)).toBe(DENIED);
      expect(await attempt(service, `SELECT pg_read_file('postmaster.pid')`)).toBe(DENIED);
      expect(await attempt(service, 'SELECT rolpassword FROM pg_authid')).toBe(DENIED);
    }
    expect(await attempt('kms', 'SET ROLE coffer_audit')).toBe(DENIED);
  });

  it('asks for the password', async () => {
    const url = new URL(server.urlFor('kms'));
    url.password = 'wrong';
    const client = new Client({ connectionString: url.href });
    await expect(client.connect()).rejects.toMatchObject({ code: '28P01' });
    await client.end();
  });
});

describe('provision', () => {
  it('may run again, by several at once, and leaves data alone', async () => {
    const again = () => provision(server.postgres.adminUrl(), { database: server.database, services });
    await Promise.all([again(), again(), again()]);
    expect(await attempt('kms', `SELECT 1 / count(*) FROM own WHERE secret = 'x'`)).toBe('allowed');
  });

  it('mends a wall that somebody opened', async () => {
    const admin = new Client({ connectionString: server.postgres.adminUrl(server.database) });
    await admin.connect();
    await admin.query('GRANT USAGE ON SCHEMA kms TO coffer_audit; GRANT SELECT ON kms.own TO coffer_audit');
    await admin.query('GRANT pg_read_all_data TO coffer_gateway WITH INHERIT TRUE');
    await admin.end();
    expect(await attempt('audit', 'SELECT * FROM kms.own')).toBe('allowed');
    expect(await attempt('gateway', 'SELECT * FROM kms.own')).toBe('allowed');
    await provision(server.postgres.adminUrl(), { database: server.database, services });
    expect(await attempt('audit', 'SELECT * FROM kms.own')).toBe(DENIED);
    expect(await attempt('gateway', 'SELECT * FROM kms.own')).toBe(DENIED);
  });

  it('refuses a role that stands above the walls', async () => {
    const admin = new Client({ connectionString: server.postgres.adminUrl() });
    await admin.connect();
    await admin.query('CREATE ROLE above SUPERUSER');
    await admin.end();
    const asked = { database: server.database, services: [{ role: 'above', schema: 'above', password: 'x' }] };
    await expect(provision(server.postgres.adminUrl(), asked)).rejects.toThrow(/above/);
  });

  it('says when the server is not there', async () => {
    const nowhere = provision('postgres://x@127.0.0.1:1/x', { database: 'x', services });
    await expect(nowhere).rejects.toThrow(DatabaseUnavailable);
  });
});
