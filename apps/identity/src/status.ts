import type { ReplyOf, status as contracts } from '@coffer/contracts';
import type { Deps } from './deps.ts';

const VERSION = '0.1.0';

/** How this process is, for the operator. */
export async function status(deps: Deps): Promise<ReplyOf<typeof contracts.identity>> {
  return {
    version: VERSION,
    startedAt: deps.startedAt,
    checks: { database: await database(deps), serviceKey: deps.serviceKey.problem ?? 'ok' },
  };
}

async function database(deps: Deps): Promise<string> {
  try {
    await deps.database.check();
    return 'ok';
  } catch (error) {
    return error instanceof Error ? error.message : 'The database does not answer.';
  }
}
