import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The port of a running stack's Postgres: the fourth line of the file that it keeps while it runs. */
export function databasePort(dataFolder: string): number {
  const file = join(dataFolder, 'postgres', 'cluster', 'postmaster.pid');
  return Number(readFileSync(file, 'utf8').split('\n')[3]);
}
