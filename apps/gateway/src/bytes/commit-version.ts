import { objectStorage, type ReplyOf, type RequestOf } from '@coffer/contracts';
import type { Exchange } from '../exchange.ts';
import type { Gateway } from '../gateway.ts';
import { unquotedCondition } from './etag.ts';
import { discard } from './seal-into.ts';

type Commit = RequestOf<typeof objectStorage.commit>;

/** A sealed body with everything that will be its version. */
export type NewVersion = Omit<Commit, 'revision' | 'caller' | 'time' | 'key' | 'conditions' | 'draft'>;

/** Makes a sealed body visible. Bytes of a refused version are let go; after a lost reply they may be in use, and stay. */
export async function commitVersion(
  exchange: Exchange,
  gateway: Gateway,
  version: NewVersion,
): Promise<ReplyOf<typeof objectStorage.commit>> {
  const { incoming, route, input } = exchange;
  const conditions = unquotedCondition(input);
  try {
    return await exchange.deciding(
      (bucket) =>
        gateway.bus.call(objectStorage.commit, {
          ...version,
          revision: bucket.context.revision,
          caller: exchange.caller,
          time: incoming.time,
          key: route.key as string,
          ...(conditions ? { conditions } : {}),
          draft: exchange.draft({ objectSize: version.size }),
        }),
      { sealed: true },
    );
  } catch (error) {
    if (isRefusal(error)) discard(gateway, version.body);
    throw error;
  }
}

/** A fault of the owner itself, as opposed to one of the bus, after which nobody knows what happened. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' && error.status < 500;
}
