import { InProcessHub, inProcessTransport } from '@coffer/bus';
import type { ServiceName } from '@coffer/contracts';
import { createLogger, type RunningService } from '@coffer/service-kit';
import { audit } from '../index.ts';

export interface TestAudit {
  readonly hub: InProcessHub;
  readonly service: RunningService;
  client(service: ServiceName): ReturnType<typeof inProcessTransport>['client'];
}

/** A running audit service whose background work comes round every few milliseconds. */
export async function startAudit(
  databaseUrl: string,
  env: NodeJS.ProcessEnv = {},
  hub = new InProcessHub(),
): Promise<TestAudit> {
  const service = await audit.start({
    env: {
      COFFER_DATABASE_URL: databaseUrl,
      COFFER_AUDIT_DRAIN_INTERVAL_MS: '20',
      COFFER_AUDIT_DRAIN_MIN_AGE_MS: '0',
      COFFER_AUDIT_CLOSE_INTERVAL_MS: '20',
      ...env,
    },
    transport: inProcessTransport(hub, 'audit'),
    logger: createLogger({ service: 'audit', level: 'silent' }),
  });
  return { hub, service, client: (name) => inProcessTransport(hub, name).client };
}
