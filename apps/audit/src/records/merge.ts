import type { RequestRecord } from '@coffer/contracts';

const RANK = { draft: 0, open: 1, closed: 2, corrected: 3 } as const;

/**
 * One record out of two parts of the same request: the later phase's fields win, the earlier one's fill what is
 * missing; of two parts of one phase the second wins. `interrupted` belongs to the closing that carries it: a genuine
 * closing takes back what audit had closed as interrupted. upsert-records.ts says the same in SQL.
 */
export function mergeRecords(first: RequestRecord, second: RequestRecord): RequestRecord {
  const [earlier, later] = RANK[second.phase] >= RANK[first.phase] ? [first, second] : [second, first];
  const merged = { ...earlier, ...later };
  if (RANK[later.phase] >= RANK.closed && later.interrupted === undefined) delete merged.interrupted;
  return merged;
}
