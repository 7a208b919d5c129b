import type { AppName } from './definitions.ts';

/** Variables that only the named services may see; whatever else begins with COFFER_ is common to all. */
const OWNERS: ReadonlyMap<string, readonly AppName[]> = new Map([
  ['COFFER_ROOT_KEY', ['kms']],
  ['COFFER_ROOT_KEY_FILE', ['kms']],
  ['COFFER_BLOB_FOLDER', ['gateway', 'object-storage']],
  ['COFFER_BLOB_ENDPOINT', ['gateway', 'object-storage']],
  ['COFFER_BLOB_ACCESS_KEY', ['gateway', 'object-storage']],
  ['COFFER_BLOB_SECRET_KEY', ['gateway', 'object-storage']],
  ['COFFER_BLOB_BUCKET', ['gateway', 'object-storage']],
  ['COFFER_BLOB_REGION', ['gateway', 'object-storage']],
  ['COFFER_TLS_CERT_FILE', ['gateway']],
  ['COFFER_TLS_KEY_FILE', ['gateway']],
]);

/** Set for each service by whoever starts it, never passed on. */
const PER_SERVICE = new Set([
  'COFFER_DATABASE_URL',
  'COFFER_NATS_URL',
  'COFFER_NATS_USER',
  'COFFER_NATS_PASSWORD',
  'COFFER_HEALTH_PORT',
  'COFFER_STACK_POSTGRES_URL',
  'COFFER_STACK_DETOURS',
  'COFFER_FAILPOINT',
  'COFFER_WORKER',
]);

/** What a program needs from the system it runs on. Nothing of AWS's: those belong to clients. */
const SYSTEM = new Set([
  'PATH',
  'HOME',
  'TMPDIR',
  'TZ',
  'LANG',
  'LC_ALL',
  'NODE_OPTIONS',
  'NODE_EXTRA_CA_CERTS',
  'SystemRoot',
]);

/** The system's part of an environment, for programs that are none of Coffer's. */
export function systemEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  return pick(env, (name) => SYSTEM.has(name));
}

/** The system's part, and all that the operator says of Coffer, for a process that holds every service. */
export function operatorEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  return { ...systemEnvironment(env), ...pick(env, (name) => name.startsWith('COFFER_') && !PER_SERVICE.has(name)) };
}

/**
 * The environment of one service: the system's part, the operator's COFFER_ variables, then `settings`. A secret
 * reaches only the services that may hold it.
 */
export function environmentOf(
  service: AppName,
  env: NodeJS.ProcessEnv,
  settings: Readonly<Record<string, string>>,
): Record<string, string> {
  const allowed = (name: string): boolean => OWNERS.get(name)?.includes(service) ?? true;
  return {
    ...systemEnvironment(env),
    ...pick(env, (name) => name.startsWith('COFFER_') && !PER_SERVICE.has(name) && allowed(name)),
    ...pick(settings, allowed),
  };
}

function pick(env: NodeJS.ProcessEnv, wanted: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && wanted(entry[0])),
  );
}
