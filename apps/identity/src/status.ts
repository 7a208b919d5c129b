import type { ReplyOf, status as contracts } from '@coffer/contracts';
import { instance, outcomes } from '@coffer/service-kit';
import type { Deps } from './deps.ts';

const VERSION = '0.1.0';

/** How this process is, for the operator. */
export async function status(deps: Deps): Promise<ReplyOf<typeof contracts.identity>> {
  return {
    instance,
    version: VERSION,
    startedAt: deps.startedAt,
    checks: {
      ...(await outcomes([{ name: 'database', check: () => deps.database.check() }])),
      serviceKey: deps.serviceKey.problem ?? 'ok',
    },
  };
}
