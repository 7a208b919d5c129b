import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { openBlobStore } from '@coffer/blob-store';
import { handle } from '@coffer/bus';
import { status } from '@coffer/contracts';
import {
  blobSettings,
  counter,
  gauge,
  histogram,
  instance,
  loadConfig,
  outcomes,
  startNest,
  withTrace,
  type HealthCheck,
  type RunningService,
  type ServiceContext,
} from '@coffer/service-kit';
import { GatewayModule } from './app.module.ts';
import { IdentityLease } from './authenticate/lease.ts';
import { Principals } from './authenticate/principals.ts';
import { codecFor } from '@coffer/aws-wire';
import { Uploads } from './bytes/uploads.ts';
import { DigestThreads } from './checksums/digest-threads.ts';
import { configSchema } from './config.ts';
import type { Gateway } from './gateway.ts';
import { Admission } from './listen/admission.ts';
import { hasLongBody } from './listen/body-length.ts';
import { listen, type ListenOptions } from './listen/listener.ts';
import { operations } from './operations/index.ts';
import { proxyTrust } from './listen/trusted-proxies.ts';
import { serve } from './pipeline.ts';
import { GapSpool } from './record/gap-spool.ts';
import { Recorder } from './record/recorder.ts';
import { slowDown } from './respond/overload.ts';
import { BodyBudget } from './route/body.ts';
import { Contexts } from './route/contexts.ts';
import { BlobKeys } from './sealing/blob-keys.ts';
import { BucketKeys } from './sealing/bucket-keys.ts';

const VERSION = '0.1.0';
/** Most bytes of bodies read whole (XML, forms) that are held at once. */
const MAX_WHOLE_BODIES = 64 * 1024 * 1024;
/** How long requests under way may go on after the order to stop. */
const DRAIN_MS = 20_000;

export async function start(context: ServiceContext): Promise<RunningService> {
  const config = loadConfig(configSchema, context.env);
  const { logger, transport } = context;
  const bus = transport.client;
  const name = `${hostname()}-${randomBytes(4).toString('hex')}`;
  const startedAt = Date.now();

  const blobs = await openBlobStore(blobSettings(config));
  const principals = new Principals(bus);
  const lease = new IdentityLease(bus, name, principals, logger);
  principals.use(lease);
  const contexts = new Contexts(bus);
  const keys = new BucketKeys(bus, contexts);
  const blobKeys = new BlobKeys();
  const digests = new DigestThreads();
  const gaps = new GapSpool(config.COFFER_SPOOL_FOLDER, name, bus, logger);
  const recorder = new Recorder(bus, gaps, logger);
  const gateway: Gateway = {
    name,
    config,
    bus,
    blobs,
    contexts,
    principals,
    keys,
    blobKeys,
    digests,
    uploads: new Uploads(bus),
    recorder,
    bodies: new BodyBudget(MAX_WHOLE_BODIES),
    log: logger,
  };

  const checks: HealthCheck[] = [
    { name: 'identity', check: () => lease.hold() },
    { name: 'blobs', check: () => blobs.check() },
  ];
  const nest = await startNest(
    GatewayModule,
    transport,
    [handle(status.gateway, async () => ({ instance, version: VERSION, startedAt, checks: await outcomes(checks) }))],
    logger,
  );
  // The first use of a codec compiles it, and the first of an API loads its schemas: better now than in a request.
  for (const operation of operations) codecFor(operation.api, operation.name);
  await gaps.start();
  lease.start();
  const servers = await openListeners(gateway, gaps);
  return {
    name: 'gateway',
    checks,
    stop: async () => {
      await closeListeners(servers);
      await recorder.drain(DRAIN_MS);
      await gaps.stop();
      lease.stop();
      keys.close();
      blobKeys.close();
      await digests.close();
      await nest.close();
      await blobs.close();
    },
  };
}

async function openListeners(gateway: Gateway, gaps: GapSpool): Promise<Server[]> {
  const { config } = gateway;
  const trust = proxyTrust(config.COFFER_TRUSTED_PROXIES);
  const served = counter({
    name: 'coffer_requests_total',
    help: 'Requests answered, by method and status',
    labels: ['method', 'status'],
  });
  const times = histogram({ name: 'coffer_request_seconds', help: 'Time of requests by method', labels: ['method'] });
  const admission = new Admission(config.COFFER_MAX_REQUESTS);
  gauge({
    name: 'coffer_requests_in_flight',
    help: 'Requests under way',
    collect: (metric) => metric.set(admission.inFlight),
  });
  const take = (message: IncomingMessage, response: ServerResponse, expects: boolean) => {
    const place = admission.enter(hasLongBody(message));
    if (!place) {
      gaps.count('overload');
      slowDown(message, response);
      return;
    }
    const started = performance.now();
    const traceparent = message.headers['traceparent'];
    withTrace(typeof traceparent === 'string' ? traceparent : undefined, () =>
      serve(gateway, trust, message, response, { expectsContinue: expects, place }),
    )
      .catch((error: unknown) => {
        gateway.log.error({ err: error }, 'a request fell through');
        gaps.count('internal');
        response.destroy();
      })
      .finally(() => {
        place.leave();
        const method = message.method ?? '';
        times.of({ method }).observe((performance.now() - started) / 1000);
        served.inc({ method, status: String(response.statusCode) });
      });
  };
  const common: Omit<ListenOptions, 'port' | 'tls'> = {
    host: config.COFFER_HOST,
    sharedPort: config.COFFER_SHARED_PORTS === 'on',
    idleTimeoutMs: config.COFFER_IDLE_TIMEOUT_MS,
    requestTimeoutMs: config.COFFER_REQUEST_TIMEOUT_MS,
    maxConnections: 4 * config.COFFER_MAX_REQUESTS + 256,
    handle: take,
    unreadable: (reason) => gaps.count(`http:${reason}`),
  };
  const servers = [await listen({ ...common, port: config.COFFER_PORT })];
  const { COFFER_TLS_CERT_FILE, COFFER_TLS_KEY_FILE, COFFER_HTTPS_PORT } = config;
  if (COFFER_TLS_CERT_FILE && COFFER_TLS_KEY_FILE) {
    const tls = { cert: await readFile(COFFER_TLS_CERT_FILE), key: await readFile(COFFER_TLS_KEY_FILE) };
    servers.push(await listen({ ...common, port: COFFER_HTTPS_PORT, tls }));
  }
  return servers;
}

/** Takes no new connection, lets requests under way end, and closes what is left when their time is over. */
async function closeListeners(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map(
      (server) =>
        new Promise<void>((resolve) => {
          const force = setTimeout(() => server.closeAllConnections(), DRAIN_MS).unref();
          server.close(() => {
            clearTimeout(force);
            resolve();
          });
          server.closeIdleConnections();
        }),
    ),
  );
}
