import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { natsTransport } from '@coffer/bus';
import type { Layout } from '../data-folder/layout.ts';
import { openDataFolder } from '../data-folder/open.ts';
import { rootKeyEnvironment } from '../data-folder/root-key.ts';
import { openLogs } from '../embedded/logs.ts';
import type { Running, UpOptions } from '../embedded/start.ts';
import { PRIVATE_FOLDER } from '../files.ts';
import { busOperator } from '../operator/nats-operator.ts';
import { removeOperatorFile, writeOperatorFile } from '../operator/operator-file.ts';
import type { Operator } from '../operator/operator.ts';
import { Cleanup } from '../services/cleanup.ts';
import { serviceNames, type AppName } from '../services/definitions.ts';
import { certificateNames, endpointsOf, gatewaySettings } from '../services/listening.ts';
import { assertCanShare, assertPortFree, freePort } from '../services/ports.ts';
import { databaseUrl, keepPostgres, provisionServices, type Say } from '../services/postgres.ts';
import { ensureCertificates, type TlsFiles } from '../tls/authority.ts';
import { BLOB_BUCKET, minioSpec, natsSpec } from './backends.ts';
import { findBinaries } from './binaries.ts';
import { detoured, stackDetours } from './detours.ts';
import { KeptProcess, type ProcessSpec } from './kept-process.ts';
import { stopLeftovers } from './leftovers.ts';
import { stackSecrets, type StackSecrets } from './secrets.ts';
import { serviceSpec } from './services.ts';

export interface StackOptions extends UpOptions {
  /** How many of each; the further gateways listen on every second port after the first, unless they share it. */
  readonly gateways: number;
  readonly objectStorages: number;
  readonly sharedPort?: boolean;
}

interface Stack {
  readonly options: StackOptions;
  readonly layout: Layout;
  readonly cleanup: Cleanup;
  readonly secrets: StackSecrets;
  readonly tls: TlsFiles;
  readonly say: Say;
}

/** Every service, the bus, the blob tier and the database as real processes, each started again when it dies. */
export async function startStack(options: StackOptions): Promise<Running> {
  const binaries = findBinaries(options.env);
  const { layout, lock } = openDataFolder(options.data, 'stack');
  const cleanup = new Cleanup();
  cleanup.add('lock', () => lock.release());
  const logs = openLogs(layout.logs, options.env['COFFER_LOG_LEVEL'] || 'info');
  cleanup.add('logs', () => logs.close());
  const logger = logs.of('stack');
  const say: Say = { info: (line) => logger.info(line), warn: (line) => logger.warn(line) };
  const stop = (): Promise<boolean> =>
    cleanup.run((step, error) => logger.error({ err: error, step }, 'a step of stopping failed'));
  try {
    mkdirSync(layout.run, { recursive: true, mode: PRIVATE_FOLDER });
    for (const name of await stopLeftovers(layout.run, layout.root))
      say.info(`stopped ${name}, left by an earlier run`);
    await assertPorts(options);
    const rootKey = rootKeyEnvironment(layout, options.env);
    const tls = await ensureCertificates(layout.tls, certificateNames(options.host, options.env));
    const stack: Stack = { options, layout, cleanup, secrets: stackSecrets(layout), tls, say };
    return { layout, operator: await startAll(stack, binaries, rootKey), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Ports of the n-th gateway, counted from 0. HTTP and HTTPS usually lie side by side. */
export function gatewayPorts(options: Pick<StackOptions, 'port' | 'httpsPort' | 'sharedPort'>, n: number) {
  if (options.sharedPort) return { port: options.port, httpsPort: options.httpsPort };
  return { port: options.port + 2 * n, httpsPort: options.httpsPort === 0 ? 0 : options.httpsPort + 2 * n };
}

async function assertPorts(options: StackOptions): Promise<void> {
  if (options.sharedPort) assertCanShare('--shared-port');
  for (let n = 0; n < options.gateways; n += 1) {
    const { port, httpsPort } = gatewayPorts(options, n);
    await assertPortFree(options.host, port, '--port');
    if (httpsPort !== 0) await assertPortFree(options.host, httpsPort, '--https-port');
  }
}

async function keep(stack: Stack, specs: readonly ProcessSpec[]): Promise<void> {
  const kept = specs.map((spec) => new KeptProcess(spec, (line) => stack.say.warn(line)));
  for (const each of kept) each.start();
  stack.cleanup.add(specs.map(({ name }) => name).join(', '), async () => {
    await Promise.all(kept.map((each) => each.stop()));
  });
  await Promise.all(kept.map((each) => each.ready()));
}

async function startDatabase(stack: Stack): Promise<string> {
  const given = stack.options.env['COFFER_STACK_POSTGRES_URL'];
  if (given) {
    await provisionServices(given, stack.secrets.database);
    return given;
  }
  const kept = await keepPostgres(stack.layout.postgres, stack.say);
  stack.cleanup.add('postgres', () => kept.stop());
  await provisionServices(kept.adminUrl, stack.secrets.database);
  return kept.adminUrl;
}

/** Undoing runs backwards: gateways first, then the other services, the bus and the blob tier, the database last. */
async function startAll(
  stack: Stack,
  binaries: { nats: string; minio: string },
  rootKey: Record<string, string>,
): Promise<Operator> {
  const { options, layout, cleanup, secrets, tls } = stack;
  const detours = stackDetours(options.env);
  const natsPort = await freePort();
  const minioPort = await freePort();
  const adminUrl = await startDatabase(stack);
  await keep(stack, [
    natsSpec(layout, binaries.nats, natsPort, secrets),
    minioSpec(layout, binaries.minio, minioPort, secrets),
  ]);
  const natsUrl = `nats://127.0.0.1:${natsPort}`;
  const common = {
    COFFER_BLOB_ACCESS_KEY: secrets.minio.user,
    COFFER_BLOB_SECRET_KEY: secrets.minio.password,
    COFFER_BLOB_BUCKET: BLOB_BUCKET,
    ...rootKey,
  };
  const spec = (service: AppName, n: number): Promise<ProcessSpec> => {
    const name = n === 0 ? service : `${service}-${n + 1}`;
    const detour = detours[name];
    const own = {
      COFFER_NATS_URL: detoured(natsUrl, detour?.nats),
      COFFER_BLOB_ENDPOINT: detoured(`http://127.0.0.1:${minioPort}`, detour?.minio),
      COFFER_DATABASE_URL: detoured(databaseUrl(adminUrl, service, secrets.database[service]), detour?.postgres),
      COFFER_NATS_USER: service,
      COFFER_NATS_PASSWORD: secrets.bus[service],
    };
    const listening = {
      ...gatewaySettings({ ...options, ...gatewayPorts(options, n) }, tls),
      COFFER_SPOOL_FOLDER: join(layout.spool, name),
    };
    const settings = { ...common, ...own, ...(service === 'gateway' ? listening : {}) };
    return serviceSpec({ service, name, layout, env: options.env, settings });
  };
  const replicas = (service: AppName): number => {
    if (service === 'gateway') return options.gateways;
    return service === 'object-storage' ? options.objectStorages : 1;
  };
  const specsOf = (wanted: (service: AppName) => boolean): Promise<ProcessSpec[]> =>
    Promise.all(
      serviceNames
        .filter((service) => wanted(service))
        .flatMap((service) => Array.from({ length: replicas(service) }, (_, n) => spec(service, n))),
    );
  await keep(stack, await specsOf((service) => service !== 'gateway'));
  await keep(stack, await specsOf((service) => service === 'gateway'));
  const endpoints = endpointsOf(options, tls, options.env);
  const counts = Object.fromEntries(serviceNames.map((service) => [service, replicas(service)])) as Record<
    AppName,
    number
  >;
  const operator = busOperator(
    await natsTransport({ servers: [natsUrl], service: 'operator', user: 'operator', password: secrets.bus.operator }),
    endpoints,
    counts,
  );
  cleanup.add('operator', () => operator.close());
  const operatorPassword = secrets.bus.operator;
  const facts = { natsUrl, password: operatorPassword, supervisorPid: process.pid, endpoints, replicas: counts };
  writeOperatorFile(layout, facts);
  cleanup.add('operator file', () => removeOperatorFile(layout));
  return operator;
}
