import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { EmbeddedPostgres } from '@coffer/database';
import { guard, openDatabase, startEmbeddedPostgres } from '@coffer/database';
import { containersWanted, startContainer } from '../containers.ts';
import { scratchFolder } from '../folder.ts';
import { copyTemplate } from './template.ts';

/** A Postgres that suites share. */
export interface SharedServer {
  /** With an administrator's rights. */
  adminUrl: string;
  stop(): Promise<void>;
}

/** Durable as in the product, since services refuse a server that is not; small, since it goes soon. */
async function startCopy(folder: string): Promise<EmbeddedPostgres> {
  await copyTemplate(folder);
  return startEmbeddedPostgres({ folder, settings: { max_wal_size: '256MB', shared_buffers: '64MB' } });
}

async function embedded(): Promise<SharedServer> {
  const scratch = await scratchFolder('postgres');
  const folder = join(scratch.path, 'postgres');
  const server = await startCopy(folder).catch(async (error: unknown) => {
    await scratch.remove();
    throw error;
  });
  const disarm = guard(server.pid, { signal: 'QUIT', folder: scratch.path });
  return {
    adminUrl: server.adminUrl(),
    stop: async () => {
      await server.stop();
      disarm();
      await scratch.remove();
    },
  };
}

async function accepts(url: string): Promise<boolean> {
  const database = openDatabase({ url, applicationName: 'coffer-testing', max: 1, connectTimeoutMs: 1_000 });
  try {
    await database.check();
    return true;
  } catch {
    return false;
  } finally {
    await database.close();
  }
}

async function container(): Promise<SharedServer> {
  const password = randomBytes(18).toString('base64url');
  const urlAt = (port: number) => `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  const server = await startContainer({
    image: process.env['COFFER_TEST_POSTGRES_IMAGE'] ?? 'docker.io/library/postgres:18-alpine',
    port: 5432,
    env: { POSTGRES_PASSWORD: password },
    ready: (port) => accepts(urlAt(port)),
  });
  return { adminUrl: urlAt(server.port), stop: () => server.stop() };
}

function start(): Promise<SharedServer> {
  const given = process.env['COFFER_TEST_POSTGRES_URL'];
  if (given) return Promise.resolve({ adminUrl: given, stop: () => Promise.resolve() });
  return containersWanted() ? container() : embedded();
}

let current: { server: Promise<SharedServer>; users: number } | undefined;

/** The one server of this process: started for the first user, stopped when the last one has released it. */
export async function acquireServer(): Promise<{ adminUrl: string; release(): Promise<void> }> {
  current ??= { server: start(), users: 0 };
  const held = current;
  held.users += 1;
  let released = false;
  const release = async () => {
    if (released) return;
    released = true;
    held.users -= 1;
    if (held.users > 0) return;
    if (current === held) current = undefined;
    await (await held.server).stop();
  };
  try {
    return { adminUrl: (await held.server).adminUrl, release };
  } catch (error) {
    if (current === held) current = undefined;
    throw error;
  }
}
