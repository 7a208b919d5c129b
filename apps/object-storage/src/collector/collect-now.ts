import type { objectStorage, ReplyOf } from '@coffer/contracts';
import type { Deps } from '../deps.ts';
import { rollForward } from '../destruction/roll-forward.ts';
import { collect } from './collect.ts';
import { prune } from './prune.ts';

/** One round of all that runs in the background, at once and to its end, for the operator and for tests. */
export async function collectNow(deps: Deps): Promise<ReplyOf<typeof objectStorage.collect>> {
  const rolledForward = await rollForward(deps, 0);
  await prune(deps);
  return { rolledForward, ...(await collect(deps, { graceMs: deps.config.blobGraceMs })) };
}
