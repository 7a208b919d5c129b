import { randomBytes } from 'node:crypto';
import { InProcessHub, inProcessTransport } from '@coffer/bus';
import type { ServiceName } from '@coffer/contracts';
import { createLogger, type RunningService } from '@coffer/service-kit';
import { kms } from '../index.ts';

/** A running key service with the bus clients of those who may call it. */
export interface TestKms {
  readonly service: RunningService;
  client(service: ServiceName): ReturnType<typeof inProcessTransport>['client'];
}

export function newRootKey(): string {
  return randomBytes(32).toString('base64');
}

export async function startKms(databaseUrl: string, env: NodeJS.ProcessEnv): Promise<TestKms> {
  const hub = new InProcessHub();
  const service = await kms.start({
    env: { COFFER_DATABASE_URL: databaseUrl, ...env },
    transport: inProcessTransport(hub, 'kms'),
    logger: createLogger({ service: 'kms', level: 'silent' }),
  });
  return { service, client: (name) => inProcessTransport(hub, name).client };
}
