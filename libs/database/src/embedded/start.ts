import type { ChildProcess } from 'node:child_process';
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { accountFor } from './account.ts';
import type { Account } from './account.ts';
import { findBinaries } from './binaries.ts';
import type { Binaries } from './binaries.ts';
import type { Layout } from './cluster.ts';
import { ADMIN, ensureCluster, layoutOf } from './cluster.ts';
import { readPostmasterFile, stopLeftBehind, stopPostmaster } from './postmaster.ts';
import { dataArgument, spawnInCluster } from './process.ts';
import { SETTINGS, settingArguments } from './settings.ts';

export interface EmbeddedPostgresOptions {
  /** Where everything of this server lies. Created when absent. The caller makes sure that no other Coffer uses it. */
  folder: string;
  /** Hears in one line each what happens. Never a secret. */
  log?: (line: string) => void;
  /** Settings of the server beside or instead of the usual ones. */
  settings?: Readonly<Record<string, string>>;
  /** The port of an earlier start, so that those who know its URL find the server again. A free one when absent. */
  port?: number;
}

export interface EmbeddedPostgres {
  /** URL with the administrator's password. */
  adminUrl(database?: string): string;
  readonly port: number;
  /** Process id of the postmaster. */
  readonly pid: number;
  /** Resolves when the server has ended, wanted or not. */
  readonly ended: Promise<void>;
  /** Fast shutdown; waits until it is done. */
  stop(): Promise<void>;
}

const START_WITHIN_MS = 60_000;
const KEEP_LOG_BYTES = 8 * 1024 * 1024;
const ATTEMPTS = 5;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

async function logSize(layout: Layout): Promise<number> {
  return stat(layout.log).then(
    ({ size }) => size,
    () => 0,
  );
}

/** What the server has written since `from`, for an error message. */
async function logTail(layout: Layout, from: number): Promise<string> {
  const text = await readFile(layout.log, 'utf8').catch(() => '');
  return text.slice(from).trim().split('\n').slice(-8).join('\n');
}

type Outcome = { child: ChildProcess } | { failure: string };

/** One attempt to start the server; waits until it takes connections or ends. */
async function launch(
  layout: Layout,
  binaries: Binaries,
  account: Account | undefined,
  args: string[],
): Promise<Outcome> {
  const from = await logSize(layout);
  // To a file, not to a pipe: the server may outlive this process.
  const log = await open(layout.log, 'a', 0o600);
  let child: ChildProcess;
  let over: string | undefined;
  try {
    // Whoever owns the folder may go on with it without root.
    if (account) await stat(layout.folder).then(({ uid, gid }) => log.chown(uid, gid));
    child = spawnInCluster(binaries.postgres, ['-D', dataArgument(layout.cluster, account), ...args], {
      cluster: layout.cluster,
      account,
      // A group of its own, so that Ctrl-C in the terminal reaches Coffer alone, which stops Postgres last.
      detached: process.platform !== 'win32',
      stdio: ['ignore', log.fd, log.fd],
    });
    child.once('error', (error) => (over = error.message));
    child.once('exit', (code, signal) => (over ??= `it ended with ${code ?? signal}`));
  } finally {
    await log.close();
  }
  for (const end = Date.now() + START_WITHIN_MS; Date.now() < end; await pause(10)) {
    if (over !== undefined) return { failure: `${over}\n${await logTail(layout, from)}` };
    const file = await readPostmasterFile(layout.cluster);
    if (file?.pid === child.pid && file?.status === 'ready') return { child };
  }
  if (child.pid !== undefined) await stopPostmaster(child.pid, binaries.pgCtl, layout.cluster);
  return { failure: `it was not ready after ${START_WITHIN_MS / 1000} s\n${await logTail(layout, from)}` };
}

/** A server whose postmaster was killed has children that take a moment to notice; a port may be taken meanwhile. */
const PASSING = /pre-existing shared memory block|Address already in use|could not bind|could not create any TCP/;

async function start(
  layout: Layout,
  binaries: Binaries,
  account: Account | undefined,
  settings: Record<string, string>,
  wanted: number | undefined,
) {
  for (let attempt = 1; ; attempt += 1) {
    const port = wanted ?? (await freePort());
    const outcome = await launch(layout, binaries, account, ['-p', String(port), ...settingArguments(settings)]);
    if ('child' in outcome) return { child: outcome.child, port };
    if (attempt === ATTEMPTS || !PASSING.test(outcome.failure)) {
      throw new Error(`Postgres in ${layout.cluster} does not start: ${outcome.failure}`);
    }
    await pause(200 * attempt);
  }
}

/** Where `/proc` cannot help, the account has to be able to walk to the folder. */
function explain(error: unknown, layout: Layout, account: Account | undefined): unknown {
  const denied = error instanceof Error && /EACCES|Permission denied|could not access/i.test(error.message);
  if (!denied || !account) return error;
  return new Error(
    `Postgres runs as user ${account.uid}, which cannot reach ${layout.cluster}. Choose a data folder below one that ` +
      'every user may enter (mode 0755), or start Coffer as an ordinary user.',
    { cause: error },
  );
}

/** Keeps the log of earlier runs from growing without end: one older part is kept. */
async function turnLog(layout: Layout): Promise<void> {
  if ((await logSize(layout)) > KEEP_LOG_BYTES) await rename(layout.log, `${layout.log}.1`);
}

/**
 * Starts a real PostgreSQL 18 in a folder of Coffer's own, creating it first if need be; listens on 127.0.0.1 on a free
 * port, with a random password. Stops a server of the same folder that a killed process left behind.
 * @throws Error in clear words when it cannot start
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const layout = layoutOf(resolve(options.folder));
  await mkdir(layout.folder, { recursive: true, mode: 0o700 });
  const account = await accountFor(layout.cluster);
  const binaries = await findBinaries(account);
  if (await stopLeftBehind(layout.cluster, binaries.pgCtl))
    options.log?.('stopped a Postgres that an earlier run left behind');
  await turnLog(layout);
  try {
    const password = await ensureCluster(layout, binaries, account);
    const { child, port } = await start(layout, binaries, account, { ...SETTINGS, ...options.settings }, options.port);
    options.log?.(`Postgres listens on 127.0.0.1:${port}`);
    return running(layout, binaries, child, port, password);
  } catch (error) {
    throw explain(error, layout, account);
  }
}

function running(
  layout: Layout,
  binaries: Binaries,
  child: ChildProcess,
  port: number,
  password: string,
): EmbeddedPostgres {
  const pid = child.pid as number;
  const ended = new Promise<void>((done) => {
    if (child.exitCode !== null || child.signalCode !== null) done();
    else child.once('exit', () => done());
  });
  let stopping: Promise<void> | undefined;
  return {
    port,
    pid,
    ended,
    adminUrl: (database = ADMIN) =>
      `postgres://${ADMIN}:${encodeURIComponent(password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
    stop() {
      const over = child.exitCode !== null || child.signalCode !== null;
      stopping ??= over ? Promise.resolve() : stopPostmaster(pid, binaries.pgCtl, layout.cluster).then(() => ended);
      return stopping;
    },
  };
}
