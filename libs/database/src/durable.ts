import type { Database } from './database.ts';
import { NotDurableError } from './errors.ts';
import { sql } from './sql.ts';

const readSettings = sql(
  'database.durability',
  `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')`,
);

/** `local` waits for the own disk but not for standbys, `remote_write` and up wait for more; only `off` waits for nothing. */
const SYNCHRONOUS = new Set(['on', 'local', 'remote_write', 'remote_apply']);

/**
 * Makes sure that what this server acknowledges survives a loss of power. Call it at start.
 * @throws NotDurableError naming each setting that is wrong
 */
export async function requireDurable(database: Database): Promise<void> {
  const rows = await database.query<{ name: string; setting: string }>(readSettings);
  const settings = new Map(rows.map((row) => [row.name, row.setting]));
  const wrong: string[] = [];
  for (const name of ['fsync', 'full_page_writes']) {
    if (settings.get(name) !== 'on') wrong.push(`${name} is ${settings.get(name) ?? 'unknown'}`);
  }
  const commit = settings.get('synchronous_commit');
  if (commit === undefined || !SYNCHRONOUS.has(commit)) wrong.push(`synchronous_commit is ${commit ?? 'unknown'}`);
  if (wrong.length > 0) {
    throw new NotDurableError(
      `Postgres would lose acknowledged writes when the power fails: ${wrong.join(', ')}. Turn this on in postgresql.conf.`,
    );
  }
}
