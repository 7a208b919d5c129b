import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceName } from '@coffer/contracts';
import type { DatabaseService } from '@coffer/database';
import { databasePort } from '../harness/database-port.ts';
import { stack } from '../harness/stack.ts';

/** The real passwords of a native stack: one database role and one bus user per service, and the blob tier's user. */
export interface Credentials {
  readonly database: Readonly<Record<DatabaseService, string>>;
  readonly bus: Readonly<Record<ServiceName, string>>;
  readonly minio: { readonly user: string; readonly password: string };
}

function folder(): string {
  const { dataFolder } = stack();
  if (dataFolder === undefined) throw new Error('The walls are tried with what lies in the data folder.');
  return dataFolder;
}

/** Text of a file in the stack's data folder. */
export function fileOf(...path: string[]): string {
  return readFileSync(join(folder(), ...path), 'utf8');
}

export function credentials(): Credentials {
  return JSON.parse(fileOf('secrets', 'passwords.json')) as Credentials;
}

export function natsUrl(): string {
  return (JSON.parse(fileOf('secrets', 'operator.json')) as { natsUrl: string }).natsUrl;
}

export function postgresPort(): number {
  return databasePort(folder());
}

/** Id of a process of the stack: a service, `nats` or `minio`. */
export function pidOf(name: string): number {
  return Number(fileOf('run', `${name}.pid`));
}
