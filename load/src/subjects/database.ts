import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';

/** Works in the Postgres of a running Coffer as its administrator, past all services. */
export async function asAdministrator<T>(dataFolder: string, work: (client: Client) => Promise<T>): Promise<T> {
  const folder = join(dataFolder, 'postgres');
  // The fourth line of this file is the port, while the server runs.
  const port = Number(readFileSync(join(folder, 'cluster', 'postmaster.pid'), 'utf8').split('\n')[3]);
  const password = readFileSync(join(folder, 'postgres.secret'), 'utf8').trim();
  const client = new Client({ host: '127.0.0.1', port, user: 'postgres', password, database: 'coffer' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

const SETTINGS = ['fsync', 'full_page_writes', 'synchronous_commit'];

/** @throws Error when a setting that makes commits durable is off, for all or for a role or database of its own */
export async function postgresDurability(name: string, dataFolder: string): Promise<string[]> {
  return await asAdministrator(dataFolder, async (client) => {
    const shown = await client.query<{ name: string; setting: string; version: string }>(
      `SELECT name, setting, current_setting('server_version') AS version FROM pg_settings WHERE name = ANY ($1) ORDER BY name`,
      [SETTINGS],
    );
    const own = await client.query<{ line: string }>(`SELECT unnest(setconfig) AS line FROM pg_db_role_setting`);
    for (const { name: setting, setting: value } of shown.rows) {
      if (value !== 'on') throw new Error(`${name}: Postgres runs with ${setting} = ${value}`);
    }
    if (shown.rows.length !== SETTINGS.length)
      throw new Error(`${name}: Postgres does not tell ${SETTINGS.join(', ')}`);
    for (const { line } of own.rows) {
      if (SETTINGS.some((setting) => line.startsWith(`${setting}=`) && line !== `${setting}=on`)) {
        throw new Error(`${name}: a role or database of Postgres has ${line}`);
      }
    }
    const all = shown.rows.map((row) => `${row.name}=${row.setting}`).join(', ');
    return [`${name}: Postgres ${shown.rows[0]?.version}: ${all} (asked from the server; no role has others)`];
  });
}
