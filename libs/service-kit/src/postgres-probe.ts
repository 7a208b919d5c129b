import { connect, type NetConnectOpts } from 'node:net';

const LIMIT_MS = 3_000;
const PROTOCOL_3 = 196_608;
const ERROR_RESPONSE = 'E'.charCodeAt(0);
/** SQLSTATE cannot_connect_now: starting up, shutting down or in recovery. */
const STARTING = 'C57P03';

function target(url: URL): NetConnectOpts {
  const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname);
  const port = Number(url.port || 5432);
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host: host.replace(/^\[|\]$/g, ''), port };
}

function startupMessage(url: URL): Buffer {
  const body = Buffer.from(`user\0${decodeURIComponent(url.username)}\0database\0${url.pathname.slice(1)}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(PROTOCOL_3, 4);
  return Buffer.concat([head, body]);
}

/**
 * Resolves when a Postgres takes connections at this URL: it asks for a password or refuses this user, either of
 * which a server that is still starting does not do. Sends no password.
 */
export function probePostgres(url: string): Promise<void> {
  const parsed = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(target(parsed));
    const end = (error?: Error): void => {
      socket.destroy();
      if (error) reject(error);
      else resolve();
    };
    socket.setTimeout(LIMIT_MS, () => end(new Error('Postgres does not answer')));
    socket.once('connect', () => socket.write(startupMessage(parsed)));
    socket.once('data', (data: Buffer) => {
      const starting = data[0] === ERROR_RESPONSE && data.includes(STARTING);
      end(starting ? new Error('Postgres is starting') : undefined);
    });
    socket.once('error', (error) => end(error));
    socket.once('close', () => end(new Error('Postgres closed the connection')));
  });
}
