import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { databasePort } from '../harness/database-port.ts';

/** Looks into the Postgres of a stack as its administrator, past all services. */
export async function asAdministrator<T>(dataFolder: string, work: (client: Client) => Promise<T>): Promise<T> {
  const secret = await readFile(join(dataFolder, 'postgres', 'postgres.secret'), 'utf8');
  const client = new Client({
    host: '127.0.0.1',
    port: databasePort(dataFolder),
    user: 'postgres',
    password: secret.trim(),
    database: 'coffer',
  });
  // An end that nobody asked for shows in the query that was under way.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
