import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { databasePort } from '../../harness/database-port.ts';
import { postmaster, stackProcess } from '../processes.ts';
import { Detour } from './detour.ts';

export const SERVICES = [
  'gateway',
  'gateway-2',
  'object-storage',
  'object-storage-2',
  'identity',
  'kms',
  'governance',
  'audit',
] as const;
export const BACKENDS = ['nats', 'postgres', 'minio'] as const;
export type Service = (typeof SERVICES)[number];
export type Backend = (typeof BACKENDS)[number];

/** Only these hold the blob tier's credentials. */
export function uses(service: Service, backend: Backend): boolean {
  return backend !== 'minio' || service.startsWith('gateway') || service.startsWith('object-storage');
}

/** The port of a server of a native stack, while it runs. Linux only. */
function portOf(data: string, backend: Backend): number | undefined {
  try {
    if (backend === 'postgres') return postmaster(data) === undefined ? undefined : databasePort(data);
    if (backend === 'nats') {
      const config = readFileSync(join(data, 'nats', 'nats.conf'), 'utf8');
      return Number(/^port: (\d+)$/m.exec(config)?.[1]);
    }
    const command = readFileSync(`/proc/${stackProcess(data, 'minio')}/cmdline`, 'utf8');
    return Number(/127\.0\.0\.1:(\d+)/.exec(command)?.[1]);
  } catch {
    return undefined;
  }
}

/** A way of its own from each process of a native stack to each of its backends. */
export class Detours {
  readonly #all = new Map<string, Detour>();

  /** @param data where the data folder of the stack will be */
  static async open(data: () => string): Promise<Detours> {
    const detours = new Detours();
    for (const service of SERVICES) {
      for (const backend of BACKENDS.filter((each) => uses(service, each))) {
        detours.#all.set(`${service} ${backend}`, await Detour.open(backend, () => portOf(data(), backend)));
      }
    }
    return detours;
  }

  of(service: Service, backend: Backend): Detour {
    return this.#all.get(`${service} ${backend}`)!;
  }

  /** The value of `COFFER_STACK_DETOURS`. */
  get setting(): string {
    const ports = (service: Service) =>
      BACKENDS.filter((backend) => uses(service, backend)).map((each) => [each, this.of(service, each).port]);
    return JSON.stringify(Object.fromEntries(SERVICES.map((service) => [service, Object.fromEntries(ports(service))])));
  }

  close(): void {
    for (const detour of this.#all.values()) detour.close();
  }
}
