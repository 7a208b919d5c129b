import { natsTransport, type BusTransport, type NatsOptions } from '@coffer/bus';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError, loadConfig } from './config.ts';
import { checkFailpoint } from './failpoint.ts';
import { listenHealth, type HealthState } from './health.ts';
import { createLogger, type Logger } from './logger.ts';
import { watchProcess } from './metrics.ts';
import { requireNode } from './node-version.ts';
import { probePostgres } from './postgres-probe.ts';
import type { ServiceDefinition } from './service.ts';
import { startTracing } from './tracing.ts';
import { waitFor } from './wait-for.ts';

const STOP_LIMIT_MS = 40_000;

type TlsOptions = NonNullable<NatsOptions['tls']>;

const port = z.coerce.number().int().min(0).max(65_535);
const url = (...schemes: string[]) =>
  z.string().refine((text) => URL.canParse(text) && schemes.includes(new URL(text).protocol), {
    error: `must be a URL that starts with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
  });

/** Environment of every service process, next to what the service itself reads. */
export const serviceEnvironment = z.object({
  /** Comma-separated. `tls://` asks for TLS. */
  COFFER_NATS_URL: z
    .string()
    .transform((text) => text.split(',').map((each) => each.trim()))
    .pipe(z.array(url('nats:', 'tls:')).min(1)),
  COFFER_NATS_USER: z.string().optional(),
  COFFER_NATS_PASSWORD: z.string(),
  /** PEM file of the authorities that the bus is checked against. */
  COFFER_NATS_CA_FILE: z.string().optional(),
  /** PEM files that this process shows to a bus that asks for a client certificate. */
  COFFER_NATS_CERT_FILE: z.string().optional(),
  COFFER_NATS_KEY_FILE: z.string().optional(),
  COFFER_DATABASE_URL: url('postgres:', 'postgresql:').optional(),
  /** 0 turns the listener off. */
  COFFER_HEALTH_PORT: port.default(0),
  COFFER_HEALTH_HOST: z.string().default('127.0.0.1'),
  COFFER_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  COFFER_OTLP_URL: url('http:', 'https:').optional(),
});
export type ServiceEnvironment = z.infer<typeof serviceEnvironment>;

function tlsOf(config: ServiceEnvironment): TlsOptions | undefined {
  const { COFFER_NATS_CA_FILE: ca, COFFER_NATS_CERT_FILE: cert, COFFER_NATS_KEY_FILE: key } = config;
  const encrypted = [ca, cert, key].some(Boolean) || config.COFFER_NATS_URL.some((each) => each.startsWith('tls:'));
  if (!encrypted) return undefined;
  const read = (file: string): string => readFileSync(file, 'utf8');
  return { ...(ca ? { ca: read(ca) } : {}), ...(cert ? { cert: read(cert) } : {}), ...(key ? { key: read(key) } : {}) };
}

function connectBus(definition: ServiceDefinition, config: ServiceEnvironment, logger: Logger): Promise<BusTransport> {
  const tls = tlsOf(config);
  return natsTransport({
    servers: config.COFFER_NATS_URL,
    service: definition.name,
    user: config.COFFER_NATS_USER ?? definition.name,
    password: config.COFFER_NATS_PASSWORD,
    log: logger,
    ...(tls ? { tls } : {}),
  });
}

async function start(definition: ServiceDefinition, config: ServiceEnvironment, logger: Logger): Promise<void> {
  watchProcess();
  const stopping = new AbortController();
  const state: HealthState = { ready: false, checks: [] };
  const cleanup: (() => Promise<void>)[] = [];

  const shutDown = async (reason: string): Promise<void> => {
    if (stopping.signal.aborted) {
      logger.warn({ reason }, 'asked twice; not waiting for what is under way');
      process.exit(1);
    }
    logger.info({ reason }, 'stopping');
    state.ready = false;
    stopping.abort(new Error('stopping'));
    setTimeout(() => {
      logger.error('could not stop in time');
      process.exit(1);
    }, STOP_LIMIT_MS).unref();
    let code = 0;
    for (const step of cleanup.toReversed()) {
      try {
        await step();
      } catch (error) {
        code = 1;
        logger.error({ err: error }, 'a step of stopping failed');
      }
    }
    logger.info('stopped');
    process.exit(code);
  };
  process.on('SIGTERM', () => void shutDown('SIGTERM'));
  process.on('SIGINT', () => void shutDown('SIGINT'));

  cleanup.push(
    startTracing({ service: definition.name, ...(config.COFFER_OTLP_URL ? { url: config.COFFER_OTLP_URL } : {}) }),
  );
  if (config.COFFER_HEALTH_PORT !== 0) {
    const listener = await listenHealth(state, config.COFFER_HEALTH_HOST, config.COFFER_HEALTH_PORT);
    cleanup.push(() => listener.close());
  }
  const { signal } = stopping;
  const database = config.COFFER_DATABASE_URL;
  if (database !== undefined) await waitFor('Postgres', () => probePostgres(database), { logger, signal });
  const transport = await waitFor('NATS', () => connectBus(definition, config, logger), { logger, signal });
  cleanup.push(() => transport.drain());
  signal.throwIfAborted();
  const running = await definition.start({ env: process.env, transport, logger });
  cleanup.push(() => running.stop());
  checkFailpoint();
  await transport.ready();
  const bus = {
    name: 'bus',
    check: () => {
      if (!transport.connected()) throw new Error('not connected');
    },
  };
  state.checks = [bus, ...running.checks];
  state.ready = !signal.aborted;
  logger.info({ node: process.versions.node }, 'ready');
}

/**
 * What an app's `main.ts` calls: reads the environment, waits for Postgres and NATS, starts the service, serves its
 * health and metrics. SIGTERM and SIGINT finish what is under way and exit with 0; a service that cannot start exits
 * with 1 after one clear message.
 */
export async function runService(definition: ServiceDefinition): Promise<void> {
  requireNode();
  let logger: Logger | undefined;
  const fatal = (error: unknown, message: string): void => {
    if (error instanceof ConfigError || !logger) {
      process.stderr.write(`${error instanceof Error ? error.message : message}\n`);
    } else logger.fatal({ err: error }, message);
    process.exit(1);
  };
  process.on('uncaughtException', (error) => fatal(error, 'an error nobody caught'));
  try {
    const config = loadConfig(serviceEnvironment, process.env);
    logger = createLogger({ service: definition.name, level: config.COFFER_LOG_LEVEL });
    await start(definition, config, logger);
  } catch (error) {
    // Stopping while still waiting is no failure: the signal's handler ends the process.
    if (error instanceof Error && error.message === 'stopping') return;
    fatal(error, 'the service could not start');
  }
}
