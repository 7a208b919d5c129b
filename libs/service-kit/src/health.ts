import { hostname } from 'node:os';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { metrics } from './metrics.ts';

/** Shorter than the time that the operator's question has. */
const CHECK_LIMIT_MS = 1_500;

export interface HealthCheck {
  readonly name: string;
  /** Throws or rejects when the service cannot do its work without this. */
  check(): void | Promise<void>;
}

export interface HealthState {
  /** False until the service has started and again from the moment it stops. */
  ready: boolean;
  checks: readonly HealthCheck[];
}

/** A check that hangs has failed. @returns `ok`, or the reason of the failure */
async function run({ name, check }: HealthCheck): Promise<readonly [string, string]> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_LIMIT_MS / 1000} seconds`)), CHECK_LIMIT_MS);
  });
  try {
    await Promise.race([(async () => await check())(), limit]);
    return [name, 'ok'];
  } catch (error) {
    return [name, (error instanceof Error && error.message) || 'failed'];
  } finally {
    clearTimeout(timer);
  }
}

/** Tells this process from its replicas. */
export const instance = `${hostname()}/${process.pid}`;

/** What each check says: `ok`, or the reason of its failure. For the operator's channel alone. */
export async function outcomes(checks: readonly HealthCheck[]): Promise<Record<string, string>> {
  return Object.fromEntries(await Promise.all(checks.map((check) => run(check))));
}

/** Whether the service can work now, and the outcome of each check. Reasons belong in the log, not on this page. */
export async function readiness(state: HealthState): Promise<{ ready: boolean; checks: Record<string, boolean> }> {
  const results = await Promise.all(state.checks.map((check) => run(check)));
  return {
    ready: state.ready && results.every(([, outcome]) => outcome === 'ok'),
    checks: Object.fromEntries(results.map(([name, outcome]) => [name, outcome === 'ok'])),
  };
}

async function respond(state: HealthState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const send = (status: number, type: string, body: string): void => {
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, 'text/plain', 'GET only\n');
  switch (request.url) {
    case '/livez':
      return send(200, 'text/plain', 'alive\n');
    case '/readyz': {
      const result = await readiness(state);
      return send(result.ready ? 200 : 503, 'application/json', `${JSON.stringify(result)}\n`);
    }
    case '/metrics':
      return send(200, metrics.contentType, await metrics.metrics());
    default:
      return send(404, 'text/plain', 'not found\n');
  }
}

export interface HealthListener {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves `/livez`, `/readyz` and `/metrics`. Port 0 lets the system choose. */
export async function listenHealth(state: HealthState, host: string, port: number): Promise<HealthListener> {
  const server: Server = createServer((request, response) => {
    respond(state, request, response).catch(() => response.destroy());
  });
  server.requestTimeout = 10_000;
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
