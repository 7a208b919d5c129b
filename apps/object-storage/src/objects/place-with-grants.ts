import { isFault, s3Error, type Fault } from '@coffer/contracts';
import { failpoint, registerFailpoints } from '@coffer/service-kit';
import type { Deps } from '../deps.ts';
import { askGrants, settleGrants, type VersionRef } from '../destruction/gate.ts';
import { stillThere } from '../destruction/still-there.ts';
import { abortedElement, mayBeOneElement } from '../shared/one-element.ts';
import { finalAnswer, isRefusal } from '../shared/refusals.ts';
import type { NewVersion, Placed } from './place-versions.ts';

registerFailpoints('object-storage.place.after-grant', 'object-storage.place.before-settle');

/** How often elements of one batch may go round: each round either finishes one or obtains a grant. */
const MAX_ROUNDS = 16;

/** What one round works on: the element's position in the batch, and the element. */
export interface Open<E> {
  at: number;
  element: E;
}

type Round<E> = (elements: readonly E[], granted: ReadonlyMap<string, string>) => Promise<Placed[]>;

/**
 * Runs `round` (one transaction) until every element has a reply or a fault. Where a round says that a version in a
 * protected bucket would be destroyed, governance is asked in between: grant, then delete, then settle. Every refusal
 * that comes of it is final for its request.
 */
export async function placeWithGrants<E extends Pick<NewVersion, 'caller' | 'draft'>>(
  deps: Deps,
  elements: readonly E[],
  round: Round<E>,
): Promise<(Record<string, unknown> | Fault)[]> {
  // An element that no round finishes is aborted.
  const results: (Record<string, unknown> | Fault | undefined)[] = elements.map(() => undefined);
  const kept = new Set<number>();
  const granted = new Map<string, string>();
  const asked: VersionRef[] = [];
  let open: Open<E>[] = elements.map((element, at) => ({ at, element }));
  for (let rounds = 0; open.length > 0 && rounds < MAX_ROUNDS; rounds += 1) {
    const placed = await eachInItsOwnRight(deps, open, (some) =>
      round(
        some.map((entry) => entry.element),
        granted,
      ),
    );
    const next: Open<E>[] = [];
    for (const [index, entry] of open.entries()) {
      const outcome = placed[index];
      if (!outcome) continue;
      if ('reply' in outcome) results[entry.at] = outcome.reply;
      else if ('fault' in outcome) {
        results[entry.at] = outcome.fault;
        if (outcome.kept) kept.add(entry.at);
      } else if ('again' in outcome) next.push(entry);
      else {
        const [verdict] = await askGrants(
          deps,
          { caller: entry.element.caller, purpose: 'replace', draft: entry.element.draft },
          [outcome.needsGrant],
        );
        if (verdict && 'grantId' in verdict) {
          failpoint('object-storage.place.after-grant');
          granted.set(outcome.needsGrant.internalVersionId, verdict.grantId);
          asked.push(outcome.needsGrant);
          next.push(entry);
        } else results[entry.at] = verdict?.fault ?? s3Error('ServiceUnavailable');
      }
    }
    open = next;
  }
  if (asked.length > 0) {
    failpoint('object-storage.place.before-settle');
    const left = await stillThere(deps, asked);
    const gone = asked.filter((version) => !left.has(version.internalVersionId));
    await settleGrants(
      deps,
      gone.map((version) => granted.get(version.internalVersionId) ?? ''),
    );
  }
  return await Promise.all(
    elements.map(async (element, at) => {
      const result = results[at] ?? s3Error('OperationAborted');
      if (!isFault(result) || kept.has(at) || !isRefusal(result)) return result;
      return (await finalAnswer(deps, element, result)) as Record<string, unknown> | Fault;
    }),
  );
}

/** A batch that fails because of one element is done again element by element, so that only that one fails. */
async function eachInItsOwnRight<E extends Pick<NewVersion, 'caller'>>(
  deps: Deps,
  open: readonly Open<E>[],
  run: (some: readonly Open<E>[]) => Promise<Placed[]>,
): Promise<Placed[]> {
  try {
    return await run(open);
  } catch (error) {
    if (!mayBeOneElement(error)) throw error;
    const [only, ...more] = open;
    if (only && more.length === 0) return [{ fault: abortedElement(deps, error, only.element.caller) }];
    const placed: Placed[] = [];
    for (const entry of open) placed.push(...(await eachInItsOwnRight(deps, [entry], run)));
    return placed;
  }
}
