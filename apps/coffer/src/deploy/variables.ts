import type { ServiceName } from '@coffer/contracts';
import { randomBytes } from 'node:crypto';
import { services } from '@coffer/contracts';
import { serviceNames, type AppName } from '../services/definitions.ts';

function suffix(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}

/** Names under which compose and the provisioning find each password. */
export const databaseVariable = (service: AppName): string => `COFFER_DATABASE_PASSWORD_${suffix(service)}`;
export const busVariable = (service: ServiceName): string => `COFFER_NATS_PASSWORD_${suffix(service)}`;

/** Letters and digits with a letter first: nats-server reads a value from its environment as configuration text. */
export function newDeployPassword(): string {
  return `p${randomBytes(24).toString('hex')}`;
}

/** Everything secret that a deployment by compose needs, as lines of an `.env` file. */
export function composeEnvironment(): string {
  const lines = [
    ['COFFER_ROOT_KEY', randomBytes(32).toString('hex')],
    ['COFFER_POSTGRES_ADMIN_PASSWORD', newDeployPassword()],
    ...serviceNames.map((name) => [databaseVariable(name), newDeployPassword()]),
    ...services.map((name) => [busVariable(name), newDeployPassword()]),
    ['COFFER_BLOB_ACCESS_KEY', `coffer-${randomBytes(6).toString('hex')}`],
    ['COFFER_BLOB_SECRET_KEY', newDeployPassword()],
  ];
  return `# Secrets of this deployment. Keep a copy of COFFER_ROOT_KEY elsewhere: without it nothing can be opened.
${lines.map(([name, value]) => `${name}=${value}\n`).join('')}`;
}
