import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { guard, provision, schemas, startEmbeddedPostgres, type EmbeddedPostgres } from '@coffer/database';
import type { AppName } from './definitions.ts';

export const DATABASE = 'coffer';
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 4_000;

export type DatabasePasswords = Readonly<Record<AppName, string>>;

export interface Say {
  info(line: string): void;
  warn(line: string): void;
}

export function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

/** Builds the walls: one role and schema per service, with these passwords. */
export async function provisionServices(adminUrl: string, passwords: DatabasePasswords): Promise<void> {
  const services = Object.entries(schemas).map(([name, entry]) => ({ ...entry, password: passwords[name as AppName] }));
  await provision(adminUrl, { database: DATABASE, services });
}

/** The URL with which a service connects, on the server of the administrator's URL. */
export function databaseUrl(adminUrl: string, service: AppName, password: string): string {
  const url = new URL(adminUrl);
  url.username = schemas[service].role;
  url.password = password;
  url.pathname = `/${DATABASE}`;
  return url.href;
}

export interface KeptPostgres {
  readonly adminUrl: string;
  /** Ends the server in good order. */
  stop(): Promise<void>;
}

/**
 * The embedded Postgres, started again on the same port when it dies. It does not outlive this process, however this
 * ends.
 */
export async function keepPostgres(folder: string, say: Say): Promise<KeptPostgres> {
  const stopping = new AbortController();
  let server: EmbeddedPostgres;
  let disarm: () => void;
  const log = (line: string): void => say.info(line);
  const start = async (port?: number): Promise<void> => {
    server = await startEmbeddedPostgres({ folder, log, ...(port === undefined ? {} : { port }) });
    disarm = guard(server.pid, { signal: 'QUIT' });
  };
  await start();
  const { port } = server!;
  const adminUrl = server!.adminUrl();

  const restart = async (): Promise<void> => {
    for (let pause = FIRST_PAUSE_MS; !stopping.signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        return await start(port);
      } catch (error) {
        say.warn(`Postgres does not start: ${(error as Error).message}`);
        await sleep(pause);
      }
    }
  };
  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await server.ended;
      disarm();
      if (stopping.signal.aborted) return;
      say.warn('Postgres ended; starting it again');
      await restart();
    }
  };
  const watching = watch();
  return {
    adminUrl,
    stop: async () => {
      stopping.abort();
      await server.stop();
      disarm();
      await watching;
    },
  };
}
