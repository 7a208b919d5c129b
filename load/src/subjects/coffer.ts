import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, freePort } from '@coffer/testing';
import { cofferMain } from '../paths.ts';
import { postgresDurability } from './database.ts';
import { minioDurability } from './minio.ts';
import { serverEnvironment, start } from './started.ts';
import type { Subject } from './subject.ts';

export interface CofferOptions {
  readonly name: string;
  /** `up`: all in one process. `stack`: each service a process, on NATS and MinIO. */
  readonly mode: 'up' | 'stack';
  readonly folder: string;
  /** Of the stack: how many gateways, and how many replicas of object-storage. */
  readonly replicas?: number;
  /** How many gateways of the stack, or processes with everything in them, listen on one port. */
  readonly sharing?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** The bundled program, unless said otherwise. */
  readonly program?: string;
}

function exported(output: string, name: string): string | undefined {
  return new RegExp(`^export ${name}=['"]?([^'"\\n]*)['"]?$`, 'm').exec(output)?.[1];
}

/** The options that say how many there are of what. */
function counts({ mode, replicas = 1, sharing }: CofferOptions): string[] {
  if (mode === 'up') return sharing === undefined ? [] : ['--processes', String(sharing)];
  if (sharing !== undefined) return ['--gateways', String(sharing), '--shared-port'];
  return ['--gateways', String(replicas), '--object-storages', String(replicas)];
}

/** A port whose neighbours are free too: gateways take every second port after the first. */
async function portsFor(gateways: number): Promise<number> {
  const port = await freePort();
  return port + 2 * gateways < 32_000 ? port : portsFor(gateways);
}

export async function startCoffer(options: CofferOptions): Promise<Subject> {
  const { name, mode, replicas = 1, program = cofferMain } = options;
  if (!existsSync(program)) throw new Error(`There is no ${program}: run "npm run build" first.`);
  if (mode === 'stack') for (const program of ['nats-server', 'minio']) binary(program);
  const data = join(options.folder, name);
  const port = await portsFor(replicas);
  const running = await start({
    command: process.execPath,
    args: [program, mode, '--data', data, '--port', String(port), '--https-port', '0', ...counts(options)],
    env: { ...serverEnvironment(), ...options.env },
    ready: (output) => exported(output, 'AWS_REGION') !== undefined,
  });
  return {
    name,
    endpoints: Array.from({ length: mode === 'stack' ? replicas : 1 }, (_, n) => `http://127.0.0.1:${port + 2 * n}`),
    region: exported(running.output, 'AWS_REGION') ?? '',
    credentials: {
      accessKeyId: exported(running.output, 'AWS_ACCESS_KEY_ID') ?? '',
      secretAccessKey: exported(running.output, 'AWS_SECRET_ACCESS_KEY') ?? '',
    },
    pid: running.pid,
    dataFolder: data,
    async durability() {
      const lines = await postgresDurability(name, data);
      if (mode === 'up') return [...lines, `${name}: bodies in a folder, flushed before their row is written`];
      const pid = Number(readFileSync(join(data, 'run', 'minio.pid'), 'utf8'));
      // Coffer seals before the blob tier sees a byte, so the tier has nothing to encrypt.
      return [...lines, ...minioDurability(`${name}, blob tier`, pid, false)];
    },
    whileSeeding: (work) => work(),
    stop: () => running.stop(),
  };
}
