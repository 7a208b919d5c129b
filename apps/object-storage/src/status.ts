import type { ReplyOf, status as contracts } from '@coffer/contracts';
import type { Deps } from './deps.ts';

const VERSION = '0.1.0';

async function outcome(check: () => Promise<void>): Promise<string> {
  try {
    await check();
    return 'ok';
  } catch (error) {
    return error instanceof Error ? error.message : 'does not answer';
  }
}

/** How this process is, for the operator. */
export async function status(deps: Deps): Promise<ReplyOf<(typeof contracts)['object-storage']>> {
  const [database, blobs] = await Promise.all([outcome(() => deps.db.check()), outcome(() => deps.blobs.check())]);
  return { version: VERSION, startedAt: deps.startedAt, checks: { database, blobs } };
}
