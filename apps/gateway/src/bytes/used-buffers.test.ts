import { constants, PerformanceObserver, type NodeGCPerformanceDetail, type PerformanceEntry } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { countPassed } from './used-buffers.ts';

const MiB = 1024 * 1024;

/** An entry of type `gc`: Node's types do not say that such an entry has a detail. */
type CollectionEntry = PerformanceEntry & { readonly detail: NodeGCPerformanceDetail };

/** How many collections somebody asked for while `action` ran, by kind. */
async function askedFor(action: () => void): Promise<number[]> {
  const kinds: number[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries() as CollectionEntry[]) {
      if (detail.flags === constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) kinds.push(detail.kind);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  action();
  // What was observed is told in a later turn.
  for (let turn = 0; turn < 5; turn += 1) await setImmediate();
  observer.disconnect();
  return kinds;
}

describe('used buffers', () => {
  it('are let go of by a small collection for every 16 MiB that passed', async () => {
    const { NODE_PERFORMANCE_GC_MINOR: minor } = constants;
    expect(await askedFor(() => countPassed(15 * MiB))).toEqual([]);
    expect(await askedFor(() => countPassed(1 * MiB))).toEqual([minor]);
    expect(
      await askedFor(() => {
        for (let passed = 0; passed < 64 * MiB; passed += 64 * 1024) countPassed(64 * 1024);
      }),
    ).toEqual([minor, minor, minor, minor]);
  });
});
